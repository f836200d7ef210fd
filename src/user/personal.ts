import type { RequestState } from './request-state.ts';

/**
 * Says that a response depends on who asks: it must not be kept for somebody else. Without a session a cache may keep
 * it, unless `keepNowhere`. The handler may still say otherwise.
 */
export function markPersonal(
  { res, browser }: RequestState,
  { keepNowhere } = { keepNowhere: browser.id !== undefined },
): void {
  if (res.headersSent) return;
  const vary = res.getHeader('Vary');
  if (vary === undefined) res.setHeader('Vary', 'Cookie');
  else if (!/(^|[ ,])(cookie|\*)($|[ ,])/i.test(String(vary))) res.setHeader('Vary', `${vary}, Cookie`);
  if (keepNowhere && !res.hasHeader('Cache-Control')) res.setHeader('Cache-Control', 'no-store');
}
