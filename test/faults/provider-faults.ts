import { startApp } from '../support/app.ts';
import { startOpenIdProvider } from '../support/open-id-provider.ts';
import type { Hold } from '../support/provider-faults.ts';
import { publicRoute } from '../support/public-route.ts';
import { type Fault, type FaultWorld, UNNOTICED } from './fault.ts';

/** A provider whose token endpoint can be held back. */
export interface ProviderWorld extends FaultWorld {
  holdTokens(): void;
  release(): void;
}

const TIMEOUT_MS = 1000;

export async function startProviderWorld(): Promise<ProviderWorld> {
  const op = await startOpenIdProvider();
  const app = await startApp({ op, oidc: { timeoutMs: TIMEOUT_MS }, handlers: publicRoute });
  let hold: Hold | undefined;
  return {
    ...{ app, op, storeTimeoutMs: TIMEOUT_MS },
    holdTokens: () => {
      hold = op.hold('token');
    },
    release: () => hold?.release(),
    close: async () => {
      await app.close();
      await op.close();
    },
  };
}

/** The provider, in the midst of work: its metadata are known. */
export const PROVIDER_FAULTS: readonly Fault<ProviderWorld>[] = [
  {
    title: 'away',
    sees: { ...UNNOTICED, callback: 503 },
    bound: 3,
    reads: /token/,
    begin: ({ op }) => op.down(),
    end: ({ op }) => op.up(),
  },
  {
    title: 'slow: its token endpoint answers 300 ms late',
    sees: UNNOTICED,
    bound: 3,
    begin: async ({ holdTokens, release }) => {
      holdTokens();
      setTimeout(release, 300);
    },
    end: async () => undefined,
  },
  {
    title: 'silent: its token endpoint answers nothing',
    sees: { ...UNNOTICED, callback: 503 },
    bound: 3,
    reads: /token/,
    begin: async ({ holdTokens }) => holdTokens(),
    end: async ({ release }) => release(),
  },
  {
    title: 'its token endpoint answers 500',
    sees: { ...UNNOTICED, callback: 503 },
    bound: 3,
    reads: /token/,
    begin: async ({ op }) => op.answerNext('token', { status: 500 }),
    end: async () => undefined,
  },
  {
    title: 'wrong: its token endpoint answers without what it must',
    sees: { ...UNNOTICED, callback: 502 },
    bound: 3,
    reads: /token/,
    begin: async ({ op }) => op.answerNext('token', { status: 200, body: { ok: true } }),
    end: async () => undefined,
  },
];
