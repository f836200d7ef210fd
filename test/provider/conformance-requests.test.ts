import { describe, expect, it } from '@jest/globals';
import { loggedIn, tryLogin } from '../support/login-outcome.ts';
import { useApps, useScriptedProvider } from '../support/use-apps.ts';

// The scripted provider watches the rest of these: a request that breaks them fails the file when it closes.
const op = await useScriptedProvider();
const start = useApps();

const twice = async () => {
  const app = await start({ op });
  expect(await tryLogin(app)).toEqual(loggedIn);
  expect(await tryLogin(app)).toEqual(loggedIn);
  return { asked: op.requests('authorization'), exchanged: op.requests('token') };
};

describe('what a provider is asked', () => {
  it('has a nonce of URL-safe characters, at most 43 of them, and another each time (C-04)', async () => {
    const nonces = (await twice()).asked.map(({ params }) => params.get('nonce')!);
    for (const nonce of nonces) expect(nonce).toMatch(/^[\w-]{22,43}$/);
    expect(new Set(nonces).size).toBe(2);
  });

  it('has a challenge by S256, whose verifier is long and never used again (C-05)', async () => {
    const { asked, exchanged } = await twice();
    expect(asked.map(({ params }) => params.get('code_challenge_method'))).toEqual(['S256', 'S256']);
    const verifiers = exchanged.map(({ params }) => params.get('code_verifier')!);
    for (const verifier of verifiers) expect(verifier).toMatch(/^[\w.~-]{43,128}$/);
    expect(new Set(verifiers).size).toBe(2);
  });

  it('is, for tokens, a form with the code, the same redirect URI and one way of authentication (C-06)', async () => {
    const { asked, exchanged } = await twice();
    for (const [turn, { method, headers, params }] of exchanged.entries()) {
      expect(method).toBe('POST');
      expect(headers['content-type']).toMatch(/^application\/x-www-form-urlencoded/);
      expect(headers.authorization).toMatch(/^Basic /);
      expect(params.get('grant_type')).toBe('authorization_code');
      expect(params.get('redirect_uri')).toBe(asked[turn]!.params.get('redirect_uri'));
      expect(params.has('client_secret')).toBe(false);
      expect(params.has('client_id')).toBe(false);
    }
    expect(op.violations).toEqual([]);
  });
});
