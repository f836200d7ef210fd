import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type CookieJar, createCookieJar } from '../support/cookie-jar.ts';
import { exchange } from '../support/http-exchange.ts';
import type { ListeningServer } from '../support/listen.ts';
import { type OpenIdProvider, startOpenIdProvider } from '../support/open-id-provider.ts';
import { readProgram } from './document-blocks.ts';
import { startKeycloakServer } from './keycloak-server.ts';
import { createFolderWithPeers, createFolderWithUs, type ProgramFolder } from './program-folder.ts';
import { walkPages } from './walk-pages.ts';

const CLIENT = { CLIENT_ID: 'shop', CLIENT_SECRET: 'the secret of the shop at its provider' };

/** The documents, where each program takes the answer of a login, and how it is logged out of. */
const GUIDES: readonly [name: string, callback: string, logout: string, method: 'GET' | 'POST'][] = [
  ['express-openid-connect', '/callback', '/logout', 'GET'],
  ['passport', '/auth/callback', '/logout', 'POST'],
  ['keycloak-connect', '/me', '/logout', 'GET'],
  ['auth-js', '/auth/callback/acme', '/auth/signout?callbackUrl=/', 'GET'],
];

describe('docs/migrating', () => {
  let op: OpenIdProvider;
  let keycloak: ListeningServer;
  let peers: ProgramFolder;
  let ours: ProgramFolder;
  beforeAll(async () => {
    [op, keycloak, peers, ours] = await Promise.all([
      startOpenIdProvider(),
      startKeycloakServer(CLIENT.CLIENT_ID),
      createFolderWithPeers(),
      createFolderWithUs(),
    ]);
  }, 60_000);
  afterAll(async () => {
    await Promise.all([op?.close(), keycloak?.close(), peers?.remove(), ours?.remove()]);
  });

  it.each(GUIDES)('%s.md: both programs log people in and out', async (name, callback, logout, method) => {
    const environment = {
      ...CLIENT,
      ISSUER: op.issuer,
      KEYCLOAK_URL: keycloak.origin,
      SESSION_SECRET: 'a secret of the documents, long enough to be one',
    };
    const document = `docs/migrating/${name}.md`;
    const [before, after] = await Promise.all([
      peers.run(readProgram(document, 'before.mjs'), environment),
      ours.run(readProgram(document, 'after.mjs'), environment),
    ]);
    await op.registerApp(before.origin, {
      client_id: CLIENT.CLIENT_ID,
      client_secret: CLIENT.CLIENT_SECRET,
      redirect_uris: [before.origin, after.origin].map((origin) => origin + callback),
      post_logout_redirect_uris: [before.origin, after.origin, `${after.origin}/`],
    });

    expect(await follow(before.origin, logout, method)).toEqual(WORKS);
    expect(await follow(after.origin, '/logout', 'POST')).toEqual(WORKS);
    if (name === 'keycloak-connect') {
      for (const { origin } of [before, after])
        expect(JSON.parse((await walkPages(`${origin}/admin`, createCookieJar())).text)).toEqual({
          admin: 'ada',
        });
    }
  });
});

const WORKS = { who: 'ada', isKnownAfterLogout: false };

/** Logs in by opening a page, opens it once more, and logs out. */
async function follow(origin: string, logout: string, method: 'GET' | 'POST') {
  const jar = createCookieJar();
  const page = await walkPages(`${origin}/me`, jar);
  expect(await load(`${origin}/me`, jar)).toBe(200);
  await walkPages(origin + logout, jar, method);
  return {
    who: page.status === 200 ? JSON.parse(page.text).sub : page,
    isKnownAfterLogout: (await load(`${origin}/me`, jar)) === 200,
  };
}

async function load(url: string, jar: CookieJar): Promise<number> {
  const headers = { accept: 'text/html', cookie: jar.header(url) ?? '' };
  return (await exchange({ method: 'GET', url, headers })).status;
}
