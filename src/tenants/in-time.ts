import { ConnectAuthError } from '../errors.ts';

/** For so long a request waits for what the application finds out of its tenant, in milliseconds. */
const PATIENCE_MS = 10_000;

/**
 * Waits ten seconds for something of the application's: what hangs would hold its requests for as long as the process
 * lives.
 *
 * @param what - as a sentence begins: `The provider of a tenant`.
 * @throws ConnectAuthError `tenant_unavailable` (503) after that; what it rejects with before.
 */
export async function inTime<T>(waited: Promise<T>, what: string): Promise<T> {
  const patience = AbortSignal.timeout(PATIENCE_MS);
  let giveUp!: () => void;
  const late = new Promise<never>((_resolve, reject) => {
    giveUp = () => {
      const message = `${what} was not found within ${PATIENCE_MS / 1000} seconds.`;
      reject(new ConnectAuthError(message, { code: 'tenant_unavailable', status: 503 }));
    };
    patience.addEventListener('abort', giveUp);
  });
  try {
    return await Promise.race([waited, late]);
  } finally {
    patience.removeEventListener('abort', giveUp);
  }
}
