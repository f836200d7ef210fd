import { describe, expect, it } from '@jest/globals';
import type { ErrorRequestHandler, Express } from 'express';
import type { TestApp } from '../support/app.ts';
import { setUpBed } from '../support/bed.ts';

const bed = setUpBed();

/** A request or a response, as JavaScript without types sees it. */
// biome-ignore lint/suspicious/noExplicitAny: whatever another library might have put there
type Loose = any;
type Use = (req: Loose, res: Loose) => unknown;

/** What is written out of habit, and what the message must say. */
const habits: [library: string, written: string, use: Use, told: string][] = [
  [
    'express-openid-connect',
    'req.oidc.user',
    (req) => req.oidc.user,
    'req.oidc is of express-openid-connect. Use req.user',
  ],
  [
    'express-openid-connect',
    'res.oidc.login()',
    (_req, res) => res.oidc.login(),
    'res.oidc is of express-openid-connect. Use await req.auth.login()',
  ],
  ['express-openid-connect', 'req.appSession.a', (req) => req.appSession.a, 'Use req.session for data'],
  [
    'passport',
    'req.isAuthenticated()',
    (req) => req.isAuthenticated(),
    'req.isAuthenticated() is of passport. Use req.auth.isAuthenticated',
  ],
  ['passport', 'req.isUnauthenticated()', (req) => req.isUnauthenticated(), '!req.auth.isAuthenticated'],
  ['passport', 'req.login(user)', (req) => req.login({}, () => 0), 'await req.auth.login()'],
  ['passport', 'req.logout(done)', (req) => req.logout(() => 0), 'await req.auth.logout()'],
  ['keycloak-connect', 'req.kauth.grant', (req) => req.kauth.grant, 'req.kauth is of keycloak-connect.'],
];

/** Answers with what a handler returned, or with the error that it threw. */
async function run(use: Use, before?: (app: Express) => void): Promise<Record<string, unknown>> {
  const app: TestApp = await bed.start({
    ...(before && { before }),
    handlers: (server) => {
      server.get('/use', (req, res) => void res.json({ found: use(req, res) ?? null }));
      server.use('/use', ((error, _req, res, _next) => {
        res.json({ name: error.name, code: error.code, message: error.message });
      }) as ErrorRequestHandler);
    },
  });
  return (await app.browser().get('/use')).json();
}

describe('what another library gives requests', () => {
  it.each(
    habits,
  )('is answered with what to write instead (%s: %s, F-123)', async (_library, _written, use, told) => {
    expect(await run(use)).toEqual({
      name: 'ConfigurationError',
      code: 'configuration',
      message: expect.stringContaining(told),
    });
  });

  it('is that library’s where it is really there, in front of us or behind', async () => {
    const isThere: Use = (req) => [req.oidc, req.isAuthenticated?.()];
    const assign = (app: Express) =>
      app.use((req: Loose, _res, next) => {
        req.oidc = 'theirs';
        // As passport does: it takes what there is, and gives the request its logIn first.
        req.logIn = req.logIn || (() => 0);
        req.isAuthenticated = req.isAuthenticated || (() => 'theirs');
        next();
      });
    const theirs = { found: ['theirs', 'theirs'] };
    expect(await run(isThere, assign)).toEqual(theirs);
    const behind: Use = (req) => {
      req.oidc = 'theirs';
      req.logIn = req.logIn || (() => 0);
      req.isAuthenticated = req.isAuthenticated || (() => 'theirs');
      return [req.oidc, req.isAuthenticated()];
    };
    expect(await run(behind)).toEqual(theirs);
  });

  it('is seen by nobody who only looks at what a request has', async () => {
    const look: Use = (req, res) => {
      for (const name in req) void name;
      return (
        'oidc' in { ...req } || 'oidc' in { ...res } || JSON.stringify(Object.keys(req)).includes('oidc')
      );
    };
    expect(await run(look)).toEqual({ found: false });
  });
});
