import { describe, expect, it } from '@jest/globals';
import type { OidcOptions } from 'express-connect-auth';
import { loggedIn, refused, tryLogin } from '../support/login-outcome.ts';
import { hang, json, type RawAnswer, send } from '../support/scripted-answers.ts';
import type { Claims } from '../support/scripted-keys.ts';
import { useApps, useScriptedProvider } from '../support/use-apps.ts';

const op = await useScriptedProvider();
const startApp = useApps();
const asked = () => op.requests('userinfo').length;

/** Logs in where the ID token has these claims of the person, and returns what `req.auth.claims` are then. */
async function claimsOf(inToken: Claims, inUserinfo: Claims = {}, oidc: Partial<OidcOptions> = {}) {
  op.script({
    claims: ({ name: _name, email: _email, ...claims }) => ({ ...claims, ...inToken }),
    userinfo: () => ({ sub: 'ada', ...inUserinfo }),
  });
  const app = await startApp({ op, oidc });
  await app.logIn(app.browser());
  return app.logins[0]!.claims;
}

const BOTH = { name: 'Ada', email: 'ada@example.com' };

describe('claims that a provider keeps for its userinfo endpoint', () => {
  it.each<[string, Claims]>([
    ['nothing but who it is, as LemonLDAP::NG and oidc-provider do', {}],
    ['a name, and no address', { name: 'Ada' }],
    ['an address, and no name', { email: 'ada@example.com' }],
    ['what is no name', { locale: 'nb', picture: 'https://x.example/a' }],
  ])('are fetched with the options of the quick start, the ID token having %s', async (_, inToken) => {
    expect(await claimsOf(inToken, BOTH)).toMatchObject({ sub: 'ada', ...BOTH });
    expect(asked()).toBe(1);
  });

  it.each<[string, Claims, Partial<OidcOptions>]>([
    ['all is there', BOTH, {}],
    ['a name of another kind is there', { preferred_username: 'ada', email: 'a@example.com' }, {}],
    ['neither was asked for', {}, { scope: 'openid' }],
    ['the options say no', {}, { userinfoAtLogin: false }],
  ])('are not asked for where %s', async (_, inToken, oidc) => {
    await claimsOf(inToken, BOTH, oidc);
    expect(asked()).toBe(0);
  });

  it('are not asked for where the person did not grant them, or there is no endpoint', async () => {
    op.script({
      claims: ({ name: _name, email: _email, ...claims }) => claims,
      token: (answer) => ({ ...answer, scope: 'openid' }),
    });
    const app = await startApp({ op });
    expect(await tryLogin(app)).toEqual(loggedIn);
    op.script({
      claims: ({ name: _name, email: _email, ...claims }) => claims,
      discovery: ({ userinfo_endpoint: _, ...document }) => document,
    });
    expect(await tryLogin(await startApp({ op }))).toEqual(loggedIn);
    expect(asked()).toBe(0);
  });

  it('never replace what is signed', async () => {
    const claims = await claimsOf({ name: 'Signed' }, { name: 'Unsigned', email: 'ada@example.com' });
    expect(claims).toMatchObject({ name: 'Signed', email: 'ada@example.com' });
  });

  it.each<[string, RawAnswer, string]>([
    ['refuses', send(403, ''), 'provider_invalid_response'],
    ['is away', json(503, {}), 'provider_unavailable'],
    ['is silent', hang(), 'provider_unavailable'],
    ['speaks of another', json(200, { sub: 'grace', name: 'Grace' }), 'provider_invalid_response'],
    ['speaks HTML', send(200, '<html>', { 'content-type': 'text/html' }), 'provider_invalid_response'],
  ])('cost nobody the login when the endpoint %s; the operator is told', async (_, answer, code) => {
    op.script({
      claims: ({ name: _name, email: _email, ...claims }) => claims,
      userinfo: () => answer,
    });
    const app = await startApp({ op, oidc: { timeoutMs: 700 } });
    expect(await tryLogin(app)).toEqual({ ...loggedIn, error: code });
    expect(app.logins[0]!.claims.name).toBeUndefined();
    const strict = await startApp({ op, oidc: { timeoutMs: 700, userinfoAtLogin: true } });
    const status = code === 'provider_unavailable' ? 503 : 502;
    expect(await tryLogin(strict)).toEqual(refused(code, status));
  });
});

describe.each(['email_verified', 'phone_number_verified'])('the claim %s', (claim) => {
  it.each<[unknown, boolean | undefined]>([
    [true, true],
    [false, false],
    ['true', true],
    ['false', false],
    ...[0, 1, 'yes', 'no', 'True', ' true', '', null, [true], { value: true }].map(
      (value): [unknown, undefined] => [value, undefined],
    ),
  ])('is a boolean, or is not there: %j is %s', async (value, expected) => {
    const inToken = await claimsOf({ ...BOTH, [claim]: value });
    expect(inToken[claim]).toBe(expected);
    const inUserinfo = await claimsOf({}, { ...BOTH, [claim]: value });
    expect(inUserinfo[claim]).toBe(expected);
  });
});
