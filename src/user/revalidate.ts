import { type BrowserSession, forgetTokens, setCurrentSession } from '../session/browser-session.ts';
import type { IdentityReader } from '../session/identity.ts';
import type { Revalidation } from '../vault/revalidation.ts';

/**
 * Has the provider asked about whoever is logged in, when it is time to. `undefined`: it is not, and nobody waits.
 */
export type Revalidate = (browser: BrowserSession) => Promise<void> | undefined;

/** Makes it for the sessions of requests, as they stand. */
export function createRevalidate(revalidation: Revalidation, readIdentity: IdentityReader): Revalidate {
  return (browser) => {
    const { id: sessionId, identity } = browser;
    if (sessionId === undefined || !identity) return undefined;
    return revalidation.check({ ...identity, sessionId })?.then((verdict) => {
      forgetTokens(browser);
      if (browser.id !== sessionId) return;
      const renewed = verdict === 'ended' ? undefined : readIdentity(verdict.login);
      if (verdict === 'ended') setCurrentSession(browser);
      else if (renewed) setCurrentSession(browser, { ...browser, identity: renewed });
    });
  };
}
