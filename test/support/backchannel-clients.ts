import type { ClientMetadata } from 'oidc-provider';
import type { TestAppOptions } from './app.ts';
import type { OpenIdProvider } from './open-id-provider.ts';

/** A real provider that registers applications for back-channel logout, under a client id of their own. */
export function withBackchannel(
  op: OpenIdProvider,
  { clientId = 'app', ...metadata }: { clientId?: string } & Partial<ClientMetadata> = {},
): TestAppOptions['op'] {
  return {
    signIn: op.signIn,
    registerApp: (baseUrl) =>
      op.registerApp(baseUrl, {
        client_id: clientId,
        backchannel_logout_uri: `${baseUrl}/oauth/backchannel-logout`,
        backchannel_logout_session_required: true,
        ...metadata,
      }),
  };
}
