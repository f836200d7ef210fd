import type { Provider } from 'oidc-provider';

/** The grant type of a token exchange (RFC 8693). */
export const EXCHANGE_GRANT = 'urn:ietf:params:oauth:grant-type:token-exchange';
/** The type of what is exchanged, and of what comes of it. */
export const ACCESS_TOKEN_TYPE = 'urn:ietf:params:oauth:token-type:access_token';

/** Has the real provider exchange access tokens. Returns the parameters of each request, as they come. */
export function addExchangeGrant(provider: Provider): Record<string, unknown>[] {
  const asked: Record<string, unknown>[] = [];
  provider.registerGrantType(
    EXCHANGE_GRANT,
    async (ctx) => {
      const params = { ...ctx.oidc.params };
      asked.push(params);
      const subject = await provider.AccessToken.find(String(params.subject_token));
      if (!subject) {
        ctx.status = 400;
        ctx.body = { error: 'invalid_grant' };
        return;
      }
      const { accountId, grantId } = subject;
      const { client } = ctx.oidc;
      const token = new provider.AccessToken({
        accountId,
        grantId,
        client: client!,
        gty: 'exchange',
      } as never);
      const value = await token.save();
      ctx.body = {
        access_token: value,
        issued_token_type: ACCESS_TOKEN_TYPE,
        token_type: 'Bearer',
        expires_in: 200,
      };
    },
    ['subject_token', 'subject_token_type', 'requested_token_type', 'audience', 'scope', 'resource'],
    ['audience', 'resource'],
  );
  return asked;
}
