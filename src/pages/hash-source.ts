import { createHash } from 'node:crypto';

/** How a policy names a style or a script that is written into a page. */
export function hashSource(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}
