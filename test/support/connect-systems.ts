import type { Express, Response } from 'express';
import {
  type ConnectisOptions,
  type DidOptions,
  type FewlinesOptions,
  type ProviderDefinition,
  providers,
  requireAuth,
  type TelenorOptions,
} from 'express-connect-auth';
import type { EmulatorClient } from '../emulators/client-authentication.ts';
import type { ConnectisEmulator } from '../emulators/connectis.ts';
import type { DidEmulator } from '../emulators/did.ts';
import type { FewlinesClient, FewlinesEmulator } from '../emulators/fewlines.ts';
import type { TelenorClient, TelenorEmulator } from '../emulators/telenor.ts';
import { withoutUndefined } from './without-undefined.ts';

/** Registers an application by its base URL and makes its provider. */
export type Preset = (baseUrl: string) => ProviderDefinition;

/** Our client at each system, in the shape that its ids and secrets have. */
export const clients = {
  fewlines: {
    clientId: 'AAAAAAAA_AAAAAAAAAAAAA==',
    clientSecret: 'the secret at Fewlines with + / % & and ø',
    audience: 'connect-account',
    popup: true,
  },
  telenor: { clientId: 'mycompany-myapp-web', clientSecret: 'the+secret/at=telenor' },
  connectis: { clientId: 'our-connectis-client', clientSecret: 'the secret & more at Connectis' },
  did: { clientId: 'test_our-did-client', clientSecret: 'the secret at DID.app' },
} as const;

/** What a test changes: options of the preset, members of the client. `undefined` leaves one out. */
export interface Changes<Options, Client = EmulatorClient> {
  options?: Partial<Options>;
  client?: Partial<Client>;
}

/** `providers.fewlines()` at an emulator. */
export function atFewlines(
  emulator: FewlinesEmulator,
  { options, client }: Changes<FewlinesOptions, FewlinesClient> = {},
): Preset {
  return (baseUrl) => {
    emulator.register({ ...clients.fewlines, ...callbackOf(baseUrl), ...client });
    const { clientId, clientSecret } = clients.fewlines;
    return providers.fewlines({ origin: emulator.origin, clientId, clientSecret, ...options });
  };
}

/** `providers.telenor()` at an emulator. The page after a single sign-on logout is the home page. */
export function atTelenor(
  emulator: TelenorEmulator,
  { options, client }: Changes<TelenorOptions, TelenorClient> = {},
): Preset {
  return (baseUrl) => {
    const { clientId, clientSecret } = clients.telenor;
    const postLogoutRedirectUris = [`${baseUrl}/`, `${baseUrl}/signed-out`];
    emulator.register({ clientId, clientSecret, ...callbackOf(baseUrl), postLogoutRedirectUris, ...client });
    return providers.telenor(
      withoutUndefined({ origin: emulator.origin, clientId, clientSecret, ...options }),
    );
  };
}

/** `providers.connectis()` at an emulator. */
export function atConnectis(
  emulator: ConnectisEmulator,
  { options, client }: Changes<ConnectisOptions> = {},
): Preset {
  return (baseUrl) => {
    emulator.register({ ...clients.connectis, ...callbackOf(baseUrl), ...client });
    const { origin, issuer, certificate } = emulator;
    return providers.connectis({ ...clients.connectis, baseUrl: origin, issuer, certificate, ...options });
  };
}

/** `providers.did()` at an emulator. */
export function atDid(emulator: DidEmulator, { options, client }: Changes<DidOptions> = {}): Preset {
  return (baseUrl) => {
    emulator.register({ ...clients.did, ...callbackOf(baseUrl), ...client });
    return providers.did(
      withoutUndefined({ ...clients.did, origin: emulator.origin, issuer: emulator.issuer, ...options }),
    );
  };
}

function callbackOf(baseUrl: string) {
  return { redirectUris: [`${baseUrl}/oauth/callback`] };
}

/** Routes that show what a login can do beyond being one. A fault is answered by its status and code. */
export function addApiRoutes(app: Express): void {
  const answer = async (res: Response, work: () => Promise<unknown>) => {
    try {
      res.json(await work());
    } catch (error) {
      const { status, code, message } = error as { status: number; code: string; message: string };
      res.status(status ?? 500).json({ error: code, message });
    }
  };
  app.get('/token', (req, res) => answer(res, async () => ({ token: await req.auth.getAccessToken() })));
  app.get('/userinfo', (req, res) => answer(res, () => req.auth.fetchUserInfo()));
  app.get('/silent', async (req, res) => {
    try {
      await req.auth.login({ prompt: 'none', returnTo: '/' });
    } catch (error) {
      await answer(res, () => Promise.reject(error));
    }
  });
  app.get('/strong', requireAuth({ acrValues: '2' }), (req, res) => void res.json({ acr: req.auth.acr }));
  app.get(
    '/fresh',
    requireAuth({ maxAgeSeconds: 300 }),
    (req, res) => void res.json({ since: req.auth.authTime }),
  );
}
