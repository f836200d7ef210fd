import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { ErrorRequestHandler, Request } from 'express';
import type { ConnectAuth } from 'express-connect-auth';
import type { TestApp } from '../support/app.ts';
import { whoIs } from '../support/bed.ts';
import { expressVersions } from '../support/express-versions.ts';
import { logInWith } from '../support/scripted-logins.ts';
import { until } from '../support/until.ts';
import { useApps, useScriptedProvider } from '../support/use-apps.ts';

const op = await useScriptedProvider();
const startApp = useApps();

const turn = () => new Promise((resolve) => setImmediate(resolve));
/** Long enough for a rejection that nobody handles to be noticed. */
const settle = async () => {
  for (let count = 0; count < 3; count += 1) await turn();
};

describe.each(expressVersions)('a call that nobody awaits, with %s', (_, createExpress) => {
  /** Runs `work` in a handler that answers at once, and does not look at what it returns. */
  const run = async (work: (req: Request, auth: ConnectAuth) => unknown) => {
    const app: TestApp = await startApp({
      ...{ op, createExpress, oidc: { scope: 'openid' } },
      handlers: (server) => {
        server.get('/forgets', (req, res) => {
          work(req, app.auth);
          res.send('bye');
        });
      },
    });
    return app;
  };

  const calls: [string, (req: Request, auth: ConnectAuth) => unknown, RegExp][] = [
    ['req.auth.login()', ({ auth }) => auth.login(), /before the response begins/],
    ['req.auth.renew()', ({ auth }) => auth.renew(), /Nobody is logged in/],
    ['req.auth.getAccessToken()', ({ auth }) => auth.getAccessToken(), /Nobody is logged in/],
    ['req.auth.fetch()', ({ auth }) => auth.fetch('https://api.example.com'), /apiOrigins/],
    ['req.auth.fetchUserInfo()', ({ auth }) => auth.fetchUserInfo(), /Nobody is logged in/],
    ['auth.sessions.list()', (_req, { sessions }) => sessions.list({} as never), /issuer must be/],
    ['auth.sessions.revokeAll()', (_req, { sessions }) => sessions.revokeAll({} as never), /issuer must be/],
    ['auth.sessions.revokeOthers()', (_req, { sessions }) => sessions.revokeOthers({} as never), /current/],
    ['auth.authenticateUpgrade()', (req, auth) => auth.authenticateUpgrade(req), /Nobody is logged in/],
    ['req.auth.login()', ({ auth }) => void auth.login({ maxAge: 1 } as never), /maxAgeSeconds/],
    ['req.auth.renew()', ({ auth }) => void auth.renew().then(() => 'renewed'), /Nobody is logged in/],
    ['req.auth.renew()', ({ auth }) => void auth.renew().finally(() => 'renewed'), /Nobody is logged in/],
  ];

  it.each(
    calls,
  )('%s leaves the process alone, and is told with what to write', async (call, work, reason) => {
    const app = await run(work);
    expect(await (await app.browser().get('/forgets')).text()).toBe('bye');
    await until(() => app.errors.length > 0);
    const [{ error, during }] = app.errors as [(typeof app.errors)[number]];
    expect([during, error.code, error.status]).toEqual(['session', 'not_awaited', 500]);
    expect(error.message).toContain(`an await is missing. Write: await ${call}, or return its promise.`);
    expect(error.message).toMatch(reason);
    // Jest fails a test for a rejection that nobody handles.
    await settle();
    expect(app.errors).toHaveLength(1);
  });

  it('req.auth.logout() has ended the session all the same', async () => {
    const app = await run((req) => req.auth.logout());
    const browser = await logInWith(op, app);
    expect((await browser.get('/forgets')).status).toBe(200);
    await until(() => app.logouts.length > 0 && app.errors.length > 0);
    expect(app.errors[0]?.error.message).toContain('Write: await req.auth.logout()');
    expect(await whoIs(browser)).toBeNull();
    await settle();
    expect(app.errors).toHaveLength(1);
  });
});

describe('a call that is awaited', () => {
  const start = (work: (req: Request) => unknown) =>
    startApp({
      op,
      handlers: (server) => {
        server.get('/awaits', async (req, res) => {
          res.json((await work(req)) ?? 'nothing');
        });
      },
    });
  const caught = (error: { code: string }) => error.code;

  it.each<[string, (req: Request) => unknown, unknown]>([
    [
      'by await',
      async ({ auth }) => {
        try {
          return await auth.getAccessToken();
        } catch (error) {
          return caught(error as { code: string });
        }
      },
      'login_required',
    ],
    ['by catch', ({ auth }) => auth.getAccessToken().catch(caught), 'login_required'],
    [
      'by the second function of then',
      ({ auth }) => auth.getAccessToken().then(String, caught),
      'login_required',
    ],
    [
      'at the end of a chain',
      ({ auth }) =>
        auth
          .getAccessToken()
          .then(String)
          .finally(() => 0)
          .catch(caught),
      'login_required',
    ],
    ['by Promise.all', ({ auth }) => Promise.all([auth.getAccessToken()]).catch(caught), 'login_required'],
    ['by Promise.race', ({ auth }) => Promise.race([auth.getAccessToken()]).catch(caught), 'login_required'],
    [
      'by Promise.allSettled',
      async ({ auth }) => (await Promise.allSettled([auth.renew()])).map(({ status }) => status),
      ['rejected'],
    ],
    [
      'a moment later',
      async ({ auth }) => {
        const promise = auth.getAccessToken();
        await Promise.resolve();
        return promise.catch(caught);
      },
      'login_required',
    ],
  ])('%s fails there, and is told to nobody else', async (_, work, expected) => {
    const app = await start(work);
    expect(await (await app.browser().get('/awaits')).json()).toEqual(expected);
    await settle();
    expect(app.errors).toEqual([]);
  });

  it('returns a promise like any other', async () => {
    const app = await start(({ auth }) => {
      const promise = auth.getAccessToken();
      promise.catch(() => undefined);
      return [promise instanceof Promise, promise.then(String, String) instanceof Promise];
    });
    expect(await (await app.browser().get('/awaits')).json()).toEqual([true, true]);
    expect(await app.auth.health()).toMatchObject({ ok: true });
    await expect(app.auth.sessions.list({} as never)).rejects.toMatchObject({ code: 'configuration' });
    expect(await app.auth.sessions.list({ issuer: op.issuer, sub: 'ada' })).toEqual([]);
  });

  it('in a handler that returns it fails the request, as whatever a handler throws', async () => {
    const app = await startApp({
      op,
      handlers: (server) => {
        server.get('/returns', (req) => req.auth.renew());
        server.use(
          ((error, _req, res, _next) =>
            void res.status(error.status).json(error.code)) as ErrorRequestHandler,
        );
      },
    });
    const answer = await app.browser().get('/returns');
    expect([answer.status, app.errors]).toEqual([401, []]);
  });
});

describe('a process whose handlers await nothing', () => {
  const children: ChildProcess[] = [];
  afterEach(() => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
  });

  it('lives on, and says so; what its own callback throws is its own (Express 5 and 4)', async () => {
    const child = spawn(process.execPath, ['--import', 'tsx', 'test/support/forgetful-app.ts'], {
      env: { ...process.env, NODE_OPTIONS: '' },
    });
    children.push(child);
    const [said, ended] = [text(child.stderr), once(child, 'close')];
    const origins: string[] = [];
    for await (const line of createInterface({ input: child.stdout })) {
      origins.push(line);
      if (origins.length === expressVersions.length) break;
    }
    for (let count = 0; count < 3; count += 1)
      for (const origin of origins) expect(await (await fetch(`${origin}/forgets`)).text()).toBe('bye');
    expect(child.exitCode).toBeNull();
    await fetch(`${origins[0]}/throws`).catch(() => undefined);
    expect((await ended)[0]).toBe(1);
    expect(await said).toContain('an await is missing. Write: await');
    expect(await said).toContain('Error: of the application');
  });
});
