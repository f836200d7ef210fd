// What can be started beside the application: an OpenID provider, two of them to choose from, or an emulator of one of
// the Connect systems.
import { type ConnectAuthOptions, providers } from 'express-connect-auth';
import { startTestProvider } from 'express-connect-auth/testing';
import { createConnectisEmulator } from '../test/emulators/connectis.ts';
import { createDidEmulator } from '../test/emulators/did.ts';
import { createFewlinesEmulator } from '../test/emulators/fewlines.ts';
import { createTelenorEmulator } from '../test/emulators/telenor.ts';
import { startProvider } from './provider.ts';

/** A provider that runs, and how the application reaches it. */
export interface StartedProvider {
  /** What the application is given. */
  options: Pick<ConnectAuthOptions, 'provider' | 'providers' | 'pages'>;
  /** Where its pages are. */
  origins: readonly string[];
  /** Life of its access tokens, where we have chosen it. */
  accessTokenSeconds?: number;
}

/** Starts a provider that knows the application at this URL. */
export type ProviderStarter = (baseUrl: string) => Promise<StartedProvider>;

// Browsers take localhost and 127.0.0.1 for two sites, as the application and its provider are in real life.
const host = '127.0.0.1';
const accessTokenSeconds = 120;
const clientSecret = 'only-for-this-example, and long enough';

/** All that `--provider` can name. */
export const starters: Readonly<Record<string, ProviderStarter>> = {
  oidc: async (baseUrl) => {
    const { issuer } = await startProvider({
      host,
      accessTokenSeconds,
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
    return { options: { provider }, origins: [issuer], accessTokenSeconds };
  },

  several: async (baseUrl) => {
    const start = (name: string, people: { sub: string; name: string }[]) => {
      const redirectUris = [`${baseUrl}/oauth/callback/${name}`];
      const client = { clientId: 'example-app', clientSecret, redirectUris };
      return startTestProvider({ host, ...client, people, accessTokenSeconds });
    };
    const engineers = await start('engineers', [{ sub: 'ada', name: 'Ada Lovelace' }]);
    const admirals = await start('admirals', [{ sub: 'grace', name: 'Grace Hopper' }]);
    return {
      options: {
        providers: { engineers: engineers.definition, admirals: admirals.definition },
        pages: {
          providers: { engineers: { name: 'Society of Engineers' }, admirals: { name: 'The Admiralty' } },
        },
      },
      origins: [engineers.issuer, admirals.issuer],
      accessTokenSeconds,
    };
  },

  fewlines: async (baseUrl) => {
    const client = { clientId: 'ZXhhbXBsZQ_YXBwbGljYXRpb24==', clientSecret };
    const { origin } = await createFewlinesEmulator({
      ...{ host, interactive: true, tokenAnswer: 'full' },
      clients: [{ ...client, redirectUris: [`${baseUrl}/oauth/callback`], audience: 'example-app' }],
    });
    return {
      options: { provider: providers.fewlines({ ...client, origin, audience: 'example-app' }) },
      origins: [origin],
    };
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
    return {
      options: { provider: providers.telenor({ ...client, origin, singleSignOnLogout: 'browser' }) },
      origins: [origin],
    };
  },

  connectis: async (baseUrl) => {
    const client = { clientId: 'example-app', clientSecret };
    const { origin, issuer, certificate } = await createConnectisEmulator({
      ...{ host, interactive: true },
      clients: [{ ...client, redirectUris: [`${baseUrl}/oauth/callback`] }],
    });
    return {
      options: { provider: providers.connectis({ ...client, baseUrl: origin, issuer, certificate }) },
      origins: [origin],
    };
  },

  did: async (baseUrl) => {
    const client = { clientId: 'test_example-app', clientSecret };
    const { origin, issuer } = await createDidEmulator({
      ...{ host, interactive: true },
      clients: [{ ...client, redirectUris: [`${baseUrl}/oauth/callback`] }],
    });
    return { options: { provider: providers.did({ ...client, origin, issuer }) }, origins: [origin] };
  },
};
