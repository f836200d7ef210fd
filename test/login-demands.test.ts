import { describe, expect, it } from '@jest/globals';
import { loggedIn, tryLogin } from './support/login-outcome.ts';
import { useApps, useScriptedProvider } from './support/use-apps.ts';

const op = await useScriptedProvider();
const start = useApps();

describe('what a login demands of the person', () => {
  const startAsking = (ask: object) =>
    start({
      op,
      handlers: (server) => void server.get('/ask', (req) => req.auth.login({ returnTo: '/', ...ask })),
    });
  const now = () => Math.floor(Date.now() / 1000);

  it.each([
    ['is fresh', () => now() - 50, loggedIn],
    ['is older, as clocks may differ', () => now() - 80, loggedIn],
    ['is too old', () => now() - 100, { error: 'provider_invalid_response', user: undefined }],
    ['is missing', () => undefined, { error: 'provider_invalid_response', user: undefined }],
    ['is text', () => String(now()), { error: 'provider_invalid_response', user: undefined }],
    ['is null', () => null, { error: 'provider_invalid_response', user: undefined }],
  ])('is checked in auth_time, when it %s (R-15)', async (_, auth_time, outcome) => {
    const app = await startAsking({ maxAgeSeconds: 60 });
    op.script({ claims: (claims) => ({ ...claims, auth_time: auth_time() }) });
    expect(await tryLogin(app, { path: '/ask' })).toMatchObject(outcome);
  });

  it('is checked as well when the options ask for it at each login (R-15)', async () => {
    const app = await start({ op, oidc: { authorizationParams: { max_age: '60' } } });
    op.script({ claims: (claims) => ({ ...claims, auth_time: now() - 3600 }) });
    expect(await tryLogin(app)).toMatchObject({ error: 'provider_invalid_response', user: undefined });
  });

  it.each([
    ['is the best', 'gold', loggedIn],
    ['is another of those asked for', 'silver', loggedIn],
    ['is a lower one', 'bronze', { error: 'provider_invalid_response', user: undefined }],
    ['is missing', undefined, { error: 'provider_invalid_response', user: undefined }],
    ['is a list', ['gold'], { error: 'provider_invalid_response', user: undefined }],
    ['is a part of one', 'gol', { error: 'provider_invalid_response', user: undefined }],
  ])('is checked in acr, when it %s (R-16)', async (_, acr, outcome) => {
    const app = await startAsking({ acrValues: ['gold', 'silver'] });
    op.script({ claims: (claims) => ({ ...claims, acr }) });
    expect(await tryLogin(app, { path: '/ask' })).toMatchObject(outcome);
    expect(op.requests('authorization')[0]?.params.get('acr_values')).toBe('gold silver');
  });

  it('is checked as well when the options ask for it at each login (R-16)', async () => {
    const app = await start({ op, oidc: { authorizationParams: { acr_values: 'gold' } } });
    op.script({ claims: (claims) => ({ ...claims, acr: 'bronze' }) });
    expect(await tryLogin(app)).toMatchObject({ error: 'provider_invalid_response', user: undefined });
  });
});
