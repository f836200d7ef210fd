import type { Response } from 'express';

/** A response that depends on who asks must not be kept for somebody else. The handler may still say otherwise. */
export function markPersonal(res: Response, { keepNowhere }: { keepNowhere: boolean }): void {
  if (res.headersSent) return;
  const vary = String(res.getHeader('Vary') ?? '');
  if (!/(^|[ ,])(cookie|\*)($|[ ,])/i.test(vary)) res.setHeader('Vary', vary ? `${vary}, Cookie` : 'Cookie');
  if (keepNowhere && !res.hasHeader('Cache-Control')) res.setHeader('Cache-Control', 'no-store');
}
