import type { Request, Response } from 'express';
import type { Provider } from '../provider/provider.ts';
import type { TokenSet } from '../tokens.ts';
import type { TokenVault } from '../vault/token-vault.ts';
import type { Answers } from './answers.ts';

/** Revokes tokens that nobody needs any more, as well as the provider allows. Never fails, and never waits long. */
export type RevokeTokens = (
  req: Request,
  res: Response,
  provider: string,
  tokens: TokenSet | undefined,
) => Promise<void>;

/** A person waits for this: what takes longer goes on behind their back. */
const MAX_WAIT_MS = 2_000;

export function createTokenRevocation(
  providers: ReadonlyMap<string, Provider>,
  answers: Pick<Answers, 'reportError'>,
): RevokeTokens {
  return async (req, res, name, tokens) => {
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
}

/** The same for tokens as a session had them when it ended, sealed for its id. */
export type RevokeSealed = (
  req: Request,
  res: Response,
  ended: { readonly provider: string; readonly id: string; readonly tokens: string | undefined },
) => Promise<void>;

export function createSealedRevocation(vault: TokenVault, revokeTokens: RevokeTokens): RevokeSealed {
  return async (req, res, { provider, id, tokens: sealed }) => {
    const tokens = sealed && (await vault.open(id, sealed).catch(() => undefined));
    await revokeTokens(req, res, provider, tokens || undefined);
  };
}
