import type { Request, Response } from 'express';
import type { Provider } from '../provider/provider.ts';
import type { TokenSet } from '../tokens.ts';
import type { TokenVault } from '../vault/token-vault.ts';
import type { Answers } from './answers.ts';

/**
 * Revokes tokens that nobody needs any more, as well as the provider allows. Never fails, and never waits long.
 *
 * Which ends revoke: a logout (after that of the provider, which may need a live token), `req.session.destroy()`, and a
 * session that another person's login replaced. An expired session does not: the same person may be logging in. The
 * others cannot: only the browser's cookie opens the tokens.
 */
export interface Revocation {
  revoke(tokens: TokenSet | undefined, from: RevokedFrom): Promise<void>;
  /** The same for tokens as a session had them when it ended, sealed for its id. */
  revokeSealed(sealed: Buffer | undefined, from: RevokedFrom & { readonly sessionId: string }): Promise<void>;
}

/** Whose tokens they are, and the request at hand. */
export interface RevokedFrom {
  /** Name of the provider in the options. */
  readonly provider: string;
  readonly req: Request;
  readonly res: Response;
}

/** A person waits for this, in milliseconds: what takes longer goes on behind their back. */
const MAX_WAIT_MS = 2_000;

/** Makes it for all providers. */
export function createRevocation(
  providers: ReadonlyMap<string, Provider>,
  vault: TokenVault,
  answers: Pick<Answers, 'reportError'>,
): Revocation {
  const revoke: Revocation['revoke'] = async (tokens, { provider: name, req, res }) => {
    const provider = providers.get(name);
    if (!provider || !tokens) return;
    const revocation = provider
      .revoke(tokens)
      .catch((error) => answers.reportError(req, res, error, 'logout'))
      .catch(() => undefined);
    let timer: NodeJS.Timeout | undefined;
    const patience = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, MAX_WAIT_MS);
    });
    await Promise.race([revocation, patience]);
    clearTimeout(timer);
  };

  return {
    revoke,
    revokeSealed: (sealed, from) => revoke(vault.open(from.sessionId, sealed), from),
  };
}
