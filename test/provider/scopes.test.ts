import { describe, expect, it } from '@jest/globals';
import { createTestClock } from '../support/clock.ts';
import { addTokenRoutes, ask } from '../support/token-routes.ts';
import { useApps, useScriptedProvider } from '../support/use-apps.ts';

const clock = createTestClock();
const op = await useScriptedProvider({ now: clock.now });
const startApp = useApps();
const GOOGLE = 'https://www.googleapis.com/auth/userinfo';
const GRAPH = 'https://graph.microsoft.com';

/** Logs in where the answer names these scopes, and returns those that `onLogin` is told are missing. */
async function missingOf(scope: string, answered: string | undefined, without: readonly string[] = []) {
  op.script({
    token: (answer) =>
      Object.fromEntries(
        Object.entries({ ...answer, scope: answered }).filter(([name]) => !without.includes(name)),
      ),
  });
  const app = await startApp({ op, oidc: { scope } });
  await app.logIn(app.browser());
  return app.logins[0]!.missingScopes;
}

describe('a scope counts as granted', () => {
  it.each<[string, string, string | undefined]>([
    ['when the answer says nothing of scopes', 'openid email offline_access', undefined],
    ['by its long name at Google', 'openid profile email', `openid ${GOOGLE}.email ${GOOGLE}.profile`],
    ['by its long name at Entra ID', 'openid User.Read Files.Read', `${GRAPH}/User.Read ${GRAPH}/Files.Read`],
    ['by its long name at an API of one’s own', 'openid read', 'openid https://api.example.com/v1/read'],
    ['by its short name', `openid ${GRAPH}/User.Read`, 'openid User.Read'],
    [
      'by its token, where Entra ID leaves out openid and offline_access',
      'openid email offline_access',
      'email',
    ],
    ['by its token, the answer being empty', 'openid offline_access', ' '],
  ])('%s', async (_, asked, answered) => {
    expect(await missingOf(asked, answered)).toEqual([]);
  });

  it.each<[string, string, string, readonly string[], readonly string[]]>([
    ['what was refused', 'openid profile email', 'openid profile', [], ['email']],
    [
      'offline_access without a refresh token',
      'openid offline_access',
      'openid',
      ['refresh_token'],
      ['offline_access'],
    ],
    ['a name that only ends like it', 'openid mail', 'openid https://x.example/hotmail e.mail', [], ['mail']],
    ['one that is no address', 'openid read', 'openid admin/read', [], ['read']],
    [
      'another one of the same address',
      'openid User.Read',
      `openid ${GRAPH}/User.ReadWrite`,
      [],
      ['User.Read'],
    ],
  ])('but not %s', async (_, asked, answered, without, missing) => {
    expect(await missingOf(asked, answered, without)).toEqual(missing);
  });

  it('at a refresh too, which asks again for what was granted', async () => {
    op.script({
      token: (answer) => ({ ...answer, scope: `email ${GRAPH}/User.Read` }),
      refresh: (answer) => ({ ...answer, scope: 'email User.Read' }),
    });
    const scope = 'openid email User.Read offline_access';
    const app = await startApp({
      op,
      now: clock.now,
      handlers: addTokenRoutes,
      oidc: { scope, quirks: { refreshScope: true } },
    });
    const browser = app.browser();
    await app.logIn(browser);
    for (const _ of [1, 2]) {
      clock.advance(3_600_000);
      expect((await ask(browser)).status).toBe(200);
    }
    const refreshes = op
      .requests('token')
      .filter(({ params }) => params.get('grant_type') === 'refresh_token');
    const words = refreshes.map(({ params }) => new Set(params.get('scope')!.split(' ')));
    const all = new Set(['email', `${GRAPH}/User.Read`, 'openid', 'offline_access']);
    expect(words).toEqual([all, all]);
  });
});
