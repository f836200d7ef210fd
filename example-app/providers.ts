// What can be started beside the application: an OpenID provider, or an emulator of one of the Connect systems.
import { type ProviderDefinition, providers } from 'express-connect-auth';
import { createConnectisEmulator } from '../test/emulators/connectis.ts';
import { createDidEmulator } from '../test/emulators/did.ts';
import { createFewlinesEmulator } from '../test/emulators/fewlines.ts';
import { createTelenorEmulator } from '../test/emulators/telenor.ts';
import { startProvider } from './provider.ts';

/** A provider that runs, and how the application reaches it. */
export interface StartedProvider {
  /** What the application is given. */
  provider: ProviderDefinition;
  /** Where its pages are. */
  origin: string;
}

/** Starts a provider that knows the application at this URL. */
export type ProviderStarter = (baseUrl: string) => Promise<StartedProvider>;

// Browsers take localhost and 127.0.0.1 for two sites, as the application and its provider are in real life.
const host = '127.0.0.1';
const clientSecret = 'only-for-this-example, and long enough';

/** All that `--provider` can name. */
export const starters: Readonly<Record<string, ProviderStarter>> = {
  oidc: async (baseUrl) => {
    const { issuer } = await startProvider({
      host,
      clients: [
        {
          client_id: 'example-app',
          client_secret: clientSecret,
          redirect_uris: [`${baseUrl}/oauth/callback`],
          post_logout_redirect_uris: [`${baseUrl}/`],
        },
      ],
    });
    const provider = providers.oidc({ issuer, clientId: 'example-app', clientSecret });
    return { provider, origin: issuer };
  },

  fewlines: async (baseUrl) => {
    const client = { clientId: 'ZXhhbXBsZQ_YXBwbGljYXRpb24==', clientSecret };
    const { origin } = await createFewlinesEmulator({
      ...{ host, interactive: true, tokenAnswer: 'full' },
      clients: [{ ...client, redirectUris: [`${baseUrl}/oauth/callback`], audience: 'example-app' }],
    });
    return { provider: providers.fewlines({ ...client, origin, audience: 'example-app' }), origin };
  },

  telenor: async (baseUrl) => {
    const client = { clientId: 'example-app-web', clientSecret };
    const redirects = {
      redirectUris: [`${baseUrl}/oauth/callback`],
      postLogoutRedirectUris: [`${baseUrl}/`],
    };
    const { origin } = await createTelenorEmulator({
      ...{ host, interactive: true },
      clients: [{ ...client, ...redirects, sso: true }],
    });
    return { provider: providers.telenor({ ...client, origin, singleSignOnLogout: 'browser' }), origin };
  },

  connectis: async (baseUrl) => {
    const client = { clientId: 'example-app', clientSecret };
    const { origin, issuer, certificate } = await createConnectisEmulator({
      ...{ host, interactive: true },
      clients: [{ ...client, redirectUris: [`${baseUrl}/oauth/callback`] }],
    });
    return { provider: providers.connectis({ ...client, baseUrl: origin, issuer, certificate }), origin };
  },

  did: async (baseUrl) => {
    const client = { clientId: 'test_example-app', clientSecret };
    const { origin, issuer } = await createDidEmulator({
      ...{ host, interactive: true },
      clients: [{ ...client, redirectUris: [`${baseUrl}/oauth/callback`] }],
    });
    return { provider: providers.did({ ...client, origin, issuer }), origin };
  },
};
