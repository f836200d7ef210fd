import { describe, expect, it } from '@jest/globals';
import { createTestClock } from '../support/clock.ts';
import { json } from '../support/scripted-answers.ts';
import { breakSignature, type Claims, createScriptedKey } from '../support/scripted-keys.ts';
import type { Script } from '../support/scripted-provider.ts';
import { addTokenRoutes, ask } from '../support/token-routes.ts';
import { useApps, useScriptedProvider } from '../support/use-apps.ts';

const clock = createTestClock();
const op = await useScriptedProvider({ now: clock.now });
const startApp = useApps();
const foreign = createScriptedKey('RS256', 'a key that nobody published');
const sameName = createScriptedKey('RS256', op.key.kid);

/** Logs in, and lets the token come to its end. */
async function logIn() {
  const app = await startApp({ op, now: clock.now, handlers: addTokenRoutes });
  const browser = app.browser();
  await app.logIn(browser);
  const { token } = await ask(browser);
  clock.advance(3_600_000);
  return { app, browser, token };
}

const change = (claims: Claims): Script => ({ claims: (honest) => ({ ...honest, ...claims }) });
/** Of the same login, but made by none of the provider's keys. */
const unfit: [string, Script][] = [
  ['a broken signature', { idToken: breakSignature }],
  ['a key that nobody published', { key: foreign }],
  ['another key under the name of the published one', { key: sameName }],
];

describe('the ID token of a refresh that no key fits', () => {
  it.each(
    unfit,
  )('because of %s, keeps the session that it names, and the operator is told (N-10)', async (_, script) => {
    const { app, browser, token } = await logIn();
    op.script({ ...change({ name: 'Somebody Unproven' }), ...script });
    const answer = await ask(browser);
    expect(answer.status).toBe(200);
    expect(answer.token).not.toBe(token);
    expect(answer.user).toMatchObject({ name: 'ada of the script' });
    expect(app.errors.map(({ error }) => error.code)).toEqual(['provider_invalid_response']);
    expect(app.errors[0]?.error.message).toContain('no key of the provider fits the ID token of a refresh');
    expect(app.logouts).toEqual([]);
    op.script();
    clock.advance(3_600_000);
    expect((await ask(browser)).status).toBe(200);
    expect(app.errors).toHaveLength(1);
  });

  it('because the key was replaced, is verified after one look at the keys (N-10)', async () => {
    const { app, browser } = await logIn();
    const first = op.key;
    op.key = sameName;
    op.script(change({ name: 'Ada King' }));
    expect((await ask(browser)).user).toMatchObject({ name: 'Ada King' });
    expect(app.errors).toEqual([]);
    op.key = first;
  });
});

describe.each<[string, Script]>([
  ...unfit,
  ['keys that cannot be had', { key: foreign, jwks: () => json(500, {}) }],
])('the ID token of a refresh that cannot be verified because of %s', (_, script) => {
  it.each([
    ['iss', { iss: 'https://elsewhere.example/' }],
    ['iss', { iss: undefined }],
    ['sub', { sub: 'grace' }],
    ['sub', { sub: undefined }],
    ['aud', { aud: 'another client' }],
    ['aud', { aud: undefined }],
    ['azp', { azp: 'another client' }],
    ['nonce', { nonce: 'of another login' }],
  ])('ends the session when it names another %s: %j (N-10, N-37, R-27)', async (name, claims) => {
    const { app, browser } = await logIn();
    // Keys that were fetched an hour ago count no more: they are looked for.
    op.script({ ...change(claims), ...script });
    expect(await ask(browser)).toMatchObject({ status: 401, error: 'login_required' });
    const { error } = app.errors.at(-1)!;
    expect([error.code, error.message]).toEqual([
      'provider_identity_changed',
      expect.stringContaining(`another ${name}`),
    ]);
    expect(app.logouts).toMatchObject([{ reason: 'refresh_refused', sub: 'ada' }]);
  });

  it.each([
    ['a later', () => Math.floor(clock.now() / 1000)],
    ['an earlier', () => 1],
  ])('keeps it with %s auth_time (N-10, R-27)', async (_name, auth_time) => {
    const { browser } = await logIn();
    op.script({ ...change({ auth_time: auth_time() }), ...script });
    expect((await ask(browser)).status).toBe(200);
  });
});
