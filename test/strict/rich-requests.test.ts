import { describe, expect, it } from '@jest/globals';
import { providers } from 'express-connect-auth';
import { beginLogin } from '../support/login-outcome.ts';
import { notStarted, tryStart } from '../support/start-outcome.ts';
import { useApps, useScriptedProvider } from '../support/use-apps.ts';

const op = await useScriptedProvider();
const start = useApps();
const payment = { type: 'payment', amount: { currency: 'EUR', value: '12.50' } };
const account = { type: 'account', actions: ['read'] };
const detailsOf = (url: URL) => JSON.parse(url.searchParams.get('authorization_details') ?? 'null');

describe('what a login asks to be allowed in detail', () => {
  it('is that of the options, unless the login says otherwise', async () => {
    const app = await start({
      op,
      oidc: { authorizationDetails: [account] },
      handlers: (express) =>
        void express.get('/pay', (req) => req.auth.login({ authorizationDetails: [payment] })),
    });
    expect(detailsOf(await beginLogin(app.browser()))).toEqual([account]);
    expect(detailsOf(await beginLogin(app.browser(), '/pay'))).toEqual([payment]);
  });

  it('is told to onLogin as the provider granted it, without what is no such thing', async () => {
    op.script({
      token: (answer) => ({ ...answer, authorization_details: [account, null, 'x', { type: 7 }] }),
    });
    const app = await start({ op, oidc: { authorizationDetails: [account] } });
    await app.logIn(app.browser());
    expect(app.logins[0]!.authorizationDetails).toEqual([account]);
    op.script();
    await app.logIn(app.browser());
    expect(app.logins[1]!.authorizationDetails).toBeUndefined();
  });

  it('needs a provider where there are several: the choice would lose it', async () => {
    const definition = () =>
      providers.oidc({ issuer: op.issuer, clientId: op.clientId, clientSecret: op.clientSecret });
    const app = await start({
      op,
      providers: { one: definition(), two: definition() },
      handlers: (express) =>
        void express.get('/pay', (req) => req.auth.login({ authorizationDetails: [payment] })),
    });
    expect(await tryStart(app, '/pay')).toMatchObject({
      ...notStarted('configuration', 500),
      error: undefined,
    });
  });

  it.each<[string, unknown, RegExp]>([
    ['no list', payment, /a list of objects, each with a type/],
    ['an empty list', [], /a list of objects/],
    ['no type', [{ amount: 1 }], /authorizationDetails\[0\]\.type/],
    ['no object', ['payment'], /authorizationDetails\[0\]/],
    ['what JSON has not', [{ type: 'x', big: 1n }], /what JSON can/],
  ])('is refused with %s (F-123)', (_, authorizationDetails, message) => {
    const options = { issuer: 'https://id.example.com', clientId: 'app', authorizationDetails };
    expect(() => providers.oidc(options as never)).toThrow(message);
  });
});
