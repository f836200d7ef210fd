import type { OpenIdProvider } from './open-id-provider.ts';

/** What a provider has handed out or been given since it was watched, by kind. */
export interface IssuedSecrets {
  readonly accessTokens: string[];
  readonly refreshTokens: string[];
  readonly idTokens: string[];
  readonly codes: string[];
  readonly verifiers: string[];
}

/** Watches what a real provider hands out. Goes on for as long as the provider lives. */
export function watchIssued({ provider }: OpenIdProvider): IssuedSecrets {
  const issued: IssuedSecrets = {
    ...{ accessTokens: [], refreshTokens: [], idTokens: [], codes: [], verifiers: [] },
  };
  const add = (kind: keyof IssuedSecrets, value: unknown) => {
    if (typeof value === 'string' && value !== '') issued[kind].push(value);
  };
  provider.on('grant.success', (ctx) => {
    const answer = ctx.body as Record<string, unknown>;
    add('accessTokens', answer.access_token);
    add('refreshTokens', answer.refresh_token);
    add('idTokens', answer.id_token);
    add('verifiers', ctx.oidc.params?.code_verifier);
  });
  provider.on('authorization.success', (_ctx, answer) => add('codes', (answer as { code?: string }).code));
  return issued;
}

/** Which of these refresh tokens the provider would still trade for new ones. Trading ends it. */
export async function findLiving(
  { issuer }: Pick<OpenIdProvider, 'issuer'>,
  tokens: readonly string[],
): Promise<string[]> {
  const living: string[] = [];
  for (const token of tokens) {
    const response = await fetch(`${issuer}/token`, {
      method: 'POST',
      headers: { authorization: `Basic ${btoa('app:the-secret-of-the-app-at-the-provider')}` },
      body: new URLSearchParams({ grant_type: 'refresh_token', refresh_token: token }),
    });
    if (response.ok) living.push(token);
  }
  return living;
}
