import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { documentPath, writeDocument } from '../../scripts/observability.ts';
import { CHANNELS } from '../support/diagnostics-watch.ts';

describe('docs/observability.md', () => {
  it('has the tables that the source says: npx tsx scripts/observability.ts writes them', () => {
    expect(readFileSync(documentPath, 'utf8')).toBe(writeDocument());
  });

  it('has a heading for each channel, and says of each member what it means', () => {
    const document = readFileSync(documentPath, 'utf8');
    const names = new Set(CHANNELS.map((channel) => channel.replace(/^tracing:|:\w+$/g, '')));
    for (const name of names) expect(document).toContain(`\n### ${name}\n`);
    expect(document).not.toMatch(/^\| `[\w.]+` \| +\|$/m);
  });
});
