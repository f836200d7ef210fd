import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { startTestProvider, type TestFault } from 'express-connect-auth/testing';
import { asOp, useTestProvider } from '../support/kit-provider.ts';
import { useApps } from '../support/use-apps.ts';

const startApp = useApps();
const provider = await useTestProvider();
const op = asOp(provider);

describe('the faults of a test provider', () => {
  it.each<[TestFault, status: number, code: string]>([
    ['slow', 503, 'provider_unavailable'],
    ['server_error', 503, 'provider_unavailable'],
    ['unreachable', 503, 'provider_unavailable'],
    ['not_json', 502, 'provider_invalid_response'],
    ['invalid_grant', 502, 'provider_refused'],
    ['invalid_client', 502, 'provider_refused'],
    ['no_id_token', 502, 'provider_invalid_response'],
    ['wrong_signature', 502, 'provider_invalid_response'],
    ['wrong_nonce', 502, 'provider_invalid_response'],
    ['wrong_issuer', 502, 'provider_invalid_response'],
    ['wrong_audience', 502, 'provider_invalid_response'],
    ['expired', 502, 'provider_invalid_response'],
    ['access_denied', 403, 'login_denied'],
    ['login_required', 403, 'login_denied'],
    ['wrong_state', 400, 'login_not_found'],
  ])('%s fails a login by %i %s, and only while it is on', async (fault, status, code) => {
    const app = await startApp({ op, oidc: fault === 'slow' ? { timeoutMs: 1000 } : {} });
    provider.switchOn(fault);
    expect((await app.logIn(app.browser())).status).toBe(status);
    expect(app.errors.map(({ error }) => error.code)).toEqual([code]);
    provider.switchOff(fault);
    const later = await startApp({ op });
    expect((await later.logIn(later.browser())).status).toBe(303);
  });

  it('no_refresh_token is a login without one; wrong_subject refuses at the userinfo endpoint', async () => {
    const app = await startApp({ op, oidc: { userinfoAtLogin: true } });
    provider.switchOn('no_refresh_token');
    expect((await app.logIn(app.browser())).status).toBe(303);
    provider.switchOn('wrong_subject');
    expect((await app.logIn(app.browser())).status).toBe(502);
  });

  it('end by themselves after so many requests, at the endpoint that was named', async () => {
    const app = await startApp({ op });
    provider.switchOn('server_error', { at: 'discovery', times: 1 });
    expect((await app.browser().get('/login')).status).toBe(503);
    const later = await startApp({ op });
    expect((await later.browser().get('/login')).status).toBe(302);
  });

  it('that do not exist are refused by name', () => {
    expect(() => provider.switchOn('wrong_everything' as TestFault)).toThrow(
      /Faults are: slow, server_error/,
    );
  });

  it('are all in docs/testing.md', () => {
    const document = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'testing.md'), 'utf8');
    let message = '';
    try {
      provider.switchOn('none' as TestFault);
    } catch (error) {
      message = (error as Error).message;
    }
    const names = /Faults are: (.+)\./.exec(message)![1]!.split(', ');
    expect(names.length).toBeGreaterThan(15);
    expect(names.filter((name) => !document.includes(`\`${name}\``))).toEqual([]);
  });

  it('keep nobody from closing the provider', async () => {
    const other = await startTestProvider();
    other.switchOn('slow', { at: 'discovery', delayMs: 600_000 });
    const asked = fetch(`${other.issuer}/.well-known/openid-configuration`);
    const failed = expect(asked).rejects.toThrow();
    await other.close();
    await failed;
  });
});
