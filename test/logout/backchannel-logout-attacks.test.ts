import { createPublicKey } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import type { TestApp } from '../support/app.ts';
import { whoIs } from '../support/bed.ts';
import { createTestClock } from '../support/clock.ts';
import { tryLogin } from '../support/login-outcome.ts';
import {
  createLogoutToken,
  done,
  failedLogout,
  LOGOUT_EVENT,
  type LogoutTokenChanges,
  postLogoutForm,
  postLogoutToken,
  readLogoutAnswer,
  refusedLogout,
  sendLogout,
  sidOf,
} from '../support/logout-token.ts';
import { breakSignature, createScriptedKey, signToken } from '../support/scripted-keys.ts';
import { useApps, useScriptedProvider } from '../support/use-apps.ts';

const clock = createTestClock();
const op = await useScriptedProvider({ now: clock.now });
const startApp = useApps();
const start = (options: object = {}) => startApp({ op, now: clock.now, ...options });

const seconds = () => Math.floor(clock.now() / 1000);
const ecKey = createScriptedKey('ES256', 'an EC key of the provider');
const foreignKey = createScriptedKey('RS256', op.key.kid);
const publicPem = createPublicKey(op.key.privateKey).export({ type: 'spki', format: 'pem' }).toString();

/** Tokens to refuse, by what is wrong with them: those that a look at them shows, and those that need the keys. */
const atSight: Record<string, LogoutTokenChanges> = {
  'has alg none (C-59)': { header: { alg: 'none' } },
  'has alg NONE (F-86)': { header: { alg: 'NONE' } },
  'has alg nOnE (F-86)': { header: { alg: 'nOnE' } },
  'has no alg (F-86)': { header: { alg: undefined } },
  'is signed with another algorithm by a key of the provider (C-60)': { key: ecKey },
  'is signed with the public key as a secret (F-86)': { key: publicPem },
  'comes from another issuer (C-61)': { claims: { iss: `${op.issuer}INVALID` } },
  'comes from an issuer without its slash (C-61)': { claims: { iss: op.issuer.slice(0, -1) } },
  'names no issuer (C-61)': { claims: { iss: undefined } },
  'is for another client (C-62)': { claims: { aud: `${op.clientId}INVALID` } },
  'is for nobody (C-62)': { claims: { aud: undefined } },
  'is for us and somebody else (C-62, F-86)': { claims: { aud: [op.clientId, 'another'] } },
  'names its audience by a number (C-62)': { claims: { aud: 7 } },
  'has no events (C-63)': { claims: { events: undefined } },
  'has another event (C-64)': { claims: { events: { [`${LOGOUT_EVENT}/foobar`]: {} } } },
  'has its event as a string (F-86)': { claims: { events: LOGOUT_EVENT } },
  'has its event in a list (F-86)': { claims: { events: [LOGOUT_EVENT] } },
  'has null as its events (F-86)': { claims: { events: null } },
  'has a string as the event (F-86)': { claims: { events: { [LOGOUT_EVENT]: 'yes' } } },
  'has a list as the event (F-86)': { claims: { events: { [LOGOUT_EVENT]: [] } } },
  'has null as the event (F-86)': { claims: { events: { [LOGOUT_EVENT]: null } } },
  'has a nonce (C-65)': { claims: { nonce: 'n' } },
  'has null as its nonce (C-65)': { claims: { nonce: null } },
  'names neither sub nor sid (R-79)': { sub: undefined },
  'has an empty sub (R-79)': { sub: '' },
  'has a number as its sub (R-79)': { claims: { sub: 7 } },
  'has a list as its sid (R-79)': { claims: { sid: ['a'] } },
  'has no jti (R-80)': { claims: { jti: undefined } },
  'has an empty jti (R-80)': { claims: { jti: '' } },
  'has a number as its jti (R-80)': { claims: { jti: 1 } },
  'has no iat (R-80)': { claims: { iat: undefined } },
  'has a string as its iat (R-80)': { claims: { iat: `${seconds()}` } },
  'has an infinite iat (R-80, F-46)': { claims: { iat: 1e300 } },
  'is from the future (R-79)': { claims: { iat: seconds() + 31 } },
  'is older than it may be (R-80)': { claims: { iat: seconds() - 211, exp: seconds() + 9999 } },
  'has expired (R-79)': { claims: { exp: seconds() - 31 } },
  'has a string as its exp (R-79, F-46)': { claims: { exp: `${seconds() + 60}` } },
  'says that it is an ID token of another kind (R-82)': { header: { typ: 'at+jwt' } },
  'says that it is a DPoP proof (R-82)': { header: { typ: 'dpop+jwt' } },
  'has a number as its typ (R-82)': { header: { typ: 7 } },
};

/** Those that no key at hand fits: the provider may have other keys by now. */
const byStrangers: Record<string, LogoutTokenChanges> = {
  'is signed by a stranger under the name of a key of the provider (R-79)': { key: foreignKey },
  'is signed by a stranger who sends the key along (F-86)': {
    key: foreignKey,
    header: { jwk: foreignKey.jwk },
  },
  'is signed by a stranger who names an address for the key (F-86)': {
    key: foreignKey,
    header: { jku: 'http://localhost:1/keys', x5u: 'http://localhost:1/cert' },
  },
};

const byKeys: Record<string, LogoutTokenChanges> = {
  'demands what nobody understands (R-25)': { header: { crit: ['b64', 'later'], later: 1 } },
  'is not valid yet (R-14)': { claims: { nbf: seconds() + 60 } },
};

async function startLoggedIn(options: object = {}) {
  const app = await start(options);
  const browser = app.browser();
  await app.logIn(browser);
  op.forgetRequests();
  return { app, browser };
}

/** Refused with the right words, and nothing has ended. */
async function expectRefused(app: TestApp, answer: Response): Promise<void> {
  expect(await readLogoutAnswer(answer)).toEqual(refusedLogout);
  expect(app.logouts).toEqual([]);
  expect(app.errors.map(({ during }) => during)).toEqual(['logout']);
}

describe('a logout token', () => {
  it('of every other kind is refused only for what the tests below say', async () => {
    const { app, browser } = await startLoggedIn();
    expect(await sendLogout(app, op, { sub: 'ada', now: clock.now })).toEqual(done);
    expect(await whoIs(browser)).toBeNull();
  });

  it.each(Object.entries(atSight))('that %s is refused before any key is asked for', async (_, changes) => {
    const app = await start();
    const token = createLogoutToken(op, { sub: 'ada', now: clock.now, ...changes });
    await expectRefused(app, await postLogoutToken(app, token));
    expect(op.requests()).toEqual([]);
  });

  it.each(Object.entries(byKeys))('that %s is refused', async (_, changes) => {
    const { app, browser } = await startLoggedIn();
    const token = createLogoutToken(op, { sub: 'ada', now: clock.now, ...changes });
    await expectRefused(app, await postLogoutToken(app, token));
    expect(await whoIs(browser)).toBe('ada');
    expect(op.requests()).toEqual([]);
  });

  it.each(
    Object.entries(byStrangers),
  )('that %s is to come again, until the keys may be looked at again; then it is refused (N-10)', async (_, changes) => {
    const { app, browser } = await startLoggedIn();
    const send = () => sendLogout(app, op, { sub: 'ada', now: clock.now, ...changes });
    expect(await send()).toEqual(failedLogout);
    expect(op.requests()).toEqual([]);
    clock.advance(30_000);
    expect(await send()).toEqual(refusedLogout);
    expect(op.requests().map(({ endpoint }) => endpoint)).toEqual(['jwks']);
    expect(await whoIs(browser)).toBe('ada');
    expect(app.logouts).toEqual([]);
  });

  it('whose signature is broken is refused, once the keys were looked at for it (R-79)', async () => {
    const { app, browser } = await startLoggedIn();
    clock.advance(30_000);
    const token = createLogoutToken(op, { sub: 'ada', now: clock.now });
    await expectRefused(app, await postLogoutToken(app, breakSignature(token)));
    expect(await whoIs(browser)).toBe('ada');
  });

  it('that says one thing and then another is taken by its last word, as everywhere (F-86)', async () => {
    const { app, browser } = await startLoggedIn();
    const honest = { aud: op.clientId, iat: seconds(), jti: 'j', events: { [LOGOUT_EVENT]: {} }, sub: 'ada' };
    const claims = JSON.stringify({ iss: op.issuer, ...honest });
    const header = { alg: 'RS256', kid: op.key.kid };
    const twice = signToken(header, claims.replace(/}$/, ',"sub":"nobody","nonce":"n"}'), op.key);
    await expectRefused(app, await postLogoutToken(app, twice));
    const last = signToken(header, claims.replace(/}$/, ',"sub":"nobody"}'), op.key);
    expect(await readLogoutAnswer(await postLogoutToken(app, last))).toEqual(done);
    expect(await whoIs(browser)).toBe('ada');
  });

  it('that is an ID token, an access token or a token of ours is refused (F-86)', async () => {
    let idToken = '';
    op.script({
      idToken: (jwt) => {
        idToken = jwt;
        return jwt;
      },
    });
    const { app, browser } = await startLoggedIn();
    await expectRefused(app, await postLogoutToken(app, idToken));
    const claims = { iss: op.issuer, aud: op.clientId, iat: seconds(), exp: seconds() + 60, sub: 'ada' };
    const accessToken = signToken({ alg: 'RS256', kid: op.key.kid, typ: 'at+jwt' }, claims, op.key);
    for (const token of [accessToken, browser.jar.get('session')!.value]) {
      expect(await readLogoutAnswer(await postLogoutToken(app, token))).toEqual(refusedLogout);
    }
    expect(await whoIs(browser)).toBe('ada');
  });

  it.each([
    'logout+jwt',
    'application/logout+jwt',
    'LOGOUT+JWT',
    'JWT',
    undefined,
  ])('may have the typ %s (R-82)', async (typ) => {
    const { app, browser } = await startLoggedIn();
    const changes = { sub: 'ada', header: { typ }, now: clock.now };
    expect(await sendLogout(app, op, changes)).toEqual(done);
    expect(await whoIs(browser)).toBeNull();
  });

  it('must say that it is one, when the options are strict (R-82)', async () => {
    const { app, browser } = await startLoggedIn({ oidc: { strictLogoutTokenType: true } });
    for (const typ of ['JWT', undefined]) {
      expect(await sendLogout(app, op, { sub: 'ada', header: { typ }, now: clock.now })).toEqual(
        refusedLogout,
      );
    }
    expect(await whoIs(browser)).toBe('ada');
    const header = { typ: 'logout+jwt' };
    expect(await sendLogout(app, op, { sub: 'ada', header, now: clock.now })).toEqual(done);
    expect(await whoIs(browser)).toBeNull();
  });

  it('may be as old as the options say, and a little more for clocks that differ, even without exp (R-80)', async () => {
    const { app } = await startLoggedIn({
      oidc: { logoutTokenMaxAgeSeconds: 60, clockToleranceSeconds: 10 },
    });
    const answers = [];
    for (const age of [-11, -10, 69, 71]) {
      const claims = { iat: seconds() - age, exp: undefined };
      answers.push((await sendLogout(app, op, { sub: 'nobody', claims, now: clock.now })).status);
    }
    expect(answers).toEqual([400, 200, 200, 400]);
  });

  it('may have limits that are no whole seconds (R-80)', async () => {
    const app = await start({ oidc: { clockToleranceSeconds: 1.1, logoutTokenMaxAgeSeconds: 1.1 } });
    expect(await sendLogout(app, op, { sub: 'ada', now: clock.now })).toEqual(done);
  });

  it('may tell of other events as well, which are ignored (C-10)', async () => {
    const app = await start();
    const claims = { events: { [LOGOUT_EVENT]: {}, 'urn:example:other': {} } };
    expect(await sendLogout(app, op, { sub: 'ada', claims, now: clock.now })).toEqual(done);
  });

  it('names its signature by the algorithm of the options (C-60)', async () => {
    op.script({ key: ecKey, jwks: () => ({ keys: [ecKey.jwk] }) });
    const { app, browser } = await startLoggedIn({ oidc: { idTokenSigningAlgorithm: 'ES256' } });
    expect(await sendLogout(app, op, { sub: 'ada', now: clock.now })).toEqual(refusedLogout);
    expect(await sendLogout(app, op, { sub: 'ada', key: ecKey, now: clock.now })).toEqual(done);
    expect(await whoIs(browser)).toBeNull();
  });

  it('is no ID token: nobody logs in with one (F-86, R-26)', async () => {
    const app = await start();
    op.script({ claims: (claims) => ({ ...claims, events: { [LOGOUT_EVENT]: {} } }) });
    expect(await tryLogin(app)).toMatchObject({ error: 'provider_invalid_response', user: undefined });
    op.script({ header: (header) => ({ ...header, typ: 'logout+jwt' }) });
    expect(await tryLogin(app)).toMatchObject({ error: 'provider_invalid_response', user: undefined });
  });

  it('tells a stranger nothing but that it was refused, and the operator nothing of its content (R-85)', async () => {
    const app = await start();
    const changes = { sub: 'a-secret-person', sid: sidOf('x'), claims: { nonce: 'n' }, now: clock.now };
    const token = createLogoutToken(op, changes);
    await expectRefused(app, await postLogoutForm(app, `logout_token=${token}`));
    const { error } = app.errors[0]!;
    expect(`${error.message} ${error.stack}`).not.toMatch(/a-secret-person|eyJ/);
    expect(error.message).toContain('nonce');
  });
});
