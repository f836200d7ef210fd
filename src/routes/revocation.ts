import type { Request, Response } from 'express';
import type { Provider } from '../provider/provider.ts';
import type { TokenSet } from '../tokens.ts';
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
  answers: Pick<Answers, 'report'>,
): RevokeTokens {
  return async (req, res, name, tokens) => {
    const provider = providers.get(name);
    if (!provider || !tokens) return;
    const revocation = provider
      .revoke(tokens)
      .catch((error) => answers.report(req, res, error, 'logout'))
      .catch(() => undefined);
    let timer: NodeJS.Timeout | undefined;
    const patience = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, MAX_WAIT_MS);
    });
    await Promise.race([revocation, patience]);
    clearTimeout(timer);
  };
}
