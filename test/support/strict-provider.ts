import { setUpBed } from './bed.ts';
import type { OpenIdProviderOptions } from './open-id-provider.ts';

type Configuration = NonNullable<OpenIdProviderOptions['configuration']>;

/** The real provider with more of its features on, for what strict clients ask of it. */
export function setUpStrictBed(
  features: NonNullable<Configuration['features']>,
  options: Omit<OpenIdProviderOptions, 'configuration'> = {},
) {
  return setUpBed({
    provider: {
      ...options,
      configuration: {
        features: {
          devInteractions: { enabled: false },
          revocation: {
            enabled: true,
            allowedPolicy: (_ctx, client, token) => token.clientId === client.clientId,
          },
          rpInitiatedLogout: { enabled: true, logoutSource: confirm, postLogoutSuccessSource: sayGoodbye },
          ...features,
        },
      },
    },
  });
}

/** Resource servers by any address, whose tokens are JWTs for that audience. */
export const RESOURCES: NonNullable<Configuration['features']> = {
  resourceIndicators: {
    enabled: true,
    defaultResource: () => [],
    useGrantedResource: () => false,
    getResourceServerInfo: (_ctx, resource) => ({
      scope: 'read',
      audience: resource,
      accessTokenTTL: 300,
      accessTokenFormat: 'jwt',
      jwt: { sign: { alg: 'RS256' } },
    }),
  },
};

/** Answers the provider's own question for the person, with yes. */
function confirm(ctx: { body: unknown }, form: string): void {
  const yes =
    '<input type="hidden" name="logout" value="yes"></form><script>document.forms[0].submit()</script>';
  ctx.body = `<!DOCTYPE html><title>Signing out</title>${form.replace('</form>', yes)}`;
}

function sayGoodbye(ctx: { body: unknown }): void {
  ctx.body = '<!DOCTYPE html><title>You are signed out</title>';
}
