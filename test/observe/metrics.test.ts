import { afterEach, describe, expect, it } from '@jest/globals';
import { createMetrics, type Metrics } from '../../src/observe/metrics.ts';
import { createTestClock } from '../support/clock.ts';
import { createLogoutToken, postLogoutToken } from '../support/logout-token.ts';
import { findValue, readMetrics } from '../support/metrics-text.ts';
import { json } from '../support/scripted-answers.ts';
import { addTokenRoutes, ask } from '../support/token-routes.ts';
import { useApps, useScriptedProvider } from '../support/use-apps.ts';

const clock = createTestClock();
const op = await useScriptedProvider({ now: clock.now });
const start = useApps();
let metrics: Metrics | undefined;
afterEach(() => metrics?.stop());

const startApp = (options: Partial<Parameters<typeof start>[0]> = {}) =>
  start({ op, now: clock.now, handlers: addTokenRoutes, ...options });

describe('the metrics for Prometheus', () => {
  it('count logins, refusals, logouts, ends, refreshes and faults', async () => {
    metrics = createMetrics();
    const app = await startApp();
    const browser = app.browser();
    await app.logIn(browser);
    clock.advance(4_000_000);
    await ask(browser);
    await app.logIn(app.browser(), { cancel: true });
    await browser.post('/logout');
    await app.logIn(app.browser());
    await postLogoutToken(app, createLogoutToken(op, { sub: 'ada', now: clock.now }));
    const samples = readMetrics(metrics.text());
    const provider = 'default';
    const count = (name: string, labels: Record<string, string>) => findValue(samples, name, labels);
    expect(count('connect_auth_logins_started_total', { provider, display: 'page' })).toBe(3);
    expect(count('connect_auth_logins_finished_total', { provider })).toBe(2);
    expect(count('connect_auth_logins_refused_total', { provider, code: 'login_denied' })).toBe(1);
    expect(count('connect_auth_logouts_total', { kind: 'logout', outcome: 'done' })).toBe(1);
    expect(count('connect_auth_logouts_total', { kind: 'back_channel', outcome: 'done' })).toBe(1);
    expect(count('connect_auth_sessions_ended_total', { reason: 'logout' })).toBe(1);
    expect(count('connect_auth_refreshes_total', { provider, outcome: 'renewed' })).toBe(1);
    expect(count('connect_auth_refresh_duration_seconds_count', { provider })).toBe(1);
    expect(count('connect_auth_faults_total', { code: 'login_denied', during: 'callback' })).toBe(1);
    expect(count('connect_auth_providers_down', { provider })).toBe(0);
    expect(count('connect_auth_stores_down', {})).toBe(0);
    const asked = { provider, endpoint: 'token', outcome: '2xx' };
    expect(count('connect_auth_provider_request_duration_seconds_count', asked)).toBe(3);
    expect(count('connect_auth_provider_request_duration_seconds_bucket', { ...asked, le: '+Inf' })).toBe(3);
    const operation = { operation: 'writeLogin', outcome: 'done' };
    expect(count('connect_auth_store_operation_duration_seconds_count', operation)).toBe(2);
  });

  it('show a provider that is away', async () => {
    metrics = createMetrics();
    const app = await startApp();
    op.script({ discovery: () => json(503, {}) });
    await app.browser().get('/login');
    const samples = readMetrics(metrics.text());
    expect(findValue(samples, 'connect_auth_providers_down', { provider: 'default' })).toBe(1);
    const refused = { provider: 'default', code: 'provider_unavailable' };
    expect(findValue(samples, 'connect_auth_logins_refused_total', refused)).toBe(1);
    const asked = { provider: 'default', endpoint: 'discovery', outcome: '5xx' };
    expect(findValue(samples, 'connect_auth_provider_request_duration_seconds_count', asked)).toBe(1);
  });

  it('are counted under "other" when there are more than anybody could look at, and escaped', async () => {
    metrics = createMetrics();
    const names = Array.from({ length: 510 }, (_, index) => `code "${index}"\n\\`);
    const { FACTS } = await import('../../src/diagnostics.ts');
    for (const code of names) FACTS.fault.publish({ code, during: 'guard' });
    const samples = readMetrics(metrics.text()).filter(({ name }) => name === 'connect_auth_faults_total');
    expect(samples.length).toBe(501);
    expect(samples[0]!.labels).toEqual({ code: names[0], during: 'guard' });
    expect(samples.at(-1)).toEqual({
      ...samples.at(-1),
      labels: { code: 'other', during: 'other' },
      value: 10,
    });
  });

  it('have no route by default; with one they are there for whoever reaches it, and cached by nobody', async () => {
    const without = await startApp();
    expect((await without.browser().get('/metrics')).status).toBe(404);
    const app = await startApp({ routes: { metrics: '/metrics' } });
    await app.logIn(app.browser());
    const answer = await app.browser().get('/metrics');
    expect(answer.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(answer.headers.get('cache-control')).toBe('no-store');
    const samples = readMetrics(await answer.text());
    expect(findValue(samples, 'connect_auth_logins_finished_total', { provider: 'default' })).toBe(1);
    expect((await app.browser().post('/metrics')).status).toBe(405);
  });

  it('stop when nobody wants them any more', async () => {
    const stopped = createMetrics();
    stopped.stop();
    const app = await startApp();
    await app.logIn(app.browser());
    expect(stopped.text()).not.toContain('provider="default"');
  });
});
