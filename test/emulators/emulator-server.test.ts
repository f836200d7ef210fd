import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createConnectisEmulator } from './connectis.ts';
import { get, postForm, readCallback, readPageForm } from './raw-client.ts';

const redirectUri = 'https://app.example.com/callback?tenant=1';
const application = { clientId: '<app>', clientSecret: 'secret', redirectUris: [redirectUri] };

let emulator: Awaited<ReturnType<typeof createConnectisEmulator>>;

beforeEach(async () => {
  emulator = await createConnectisEmulator({ clients: [application], tokenParams: 'body' });
});
afterEach(() => emulator.close());

const tokenPath = '/broker/openidconnect/token';

const authorize = () =>
  get(emulator.url('/broker/openidconnect/authorize'), {
    response_type: 'code',
    client_id: application.clientId,
    scope: 'openid',
    state: 'state-1',
    redirect_uri: redirectUri,
  });

const callToken = (parameters: Record<string, string>) =>
  postForm(emulator.url(tokenPath), {
    client_id: application.clientId,
    client_secret: application.clientSecret,
    ...parameters,
  });

const redeem = async () => {
  const { code = '' } = readCallback(await authorize());
  return callToken({ grant_type: 'authorization_code', code, redirect_uri: redirectUri });
};

const refresh = (refresh_token: string) => callToken({ grant_type: 'refresh_token', refresh_token });

describe('an emulator', () => {
  it('records requests, counts calls and collects what it gave out', async () => {
    const tokens = await (await redeem()).json();
    await refresh(tokens.refresh_token);
    const [authorizeCall, tokenCall] = emulator.requests;
    expect(authorizeCall).toMatchObject({ method: 'GET', status: 302, origin: emulator.origin });
    expect(authorizeCall?.query.get('state')).toBe('state-1');
    expect(tokenCall).toMatchObject({ method: 'POST', path: tokenPath, status: 200 });
    expect(tokenCall?.form.get('client_secret')).toBe('secret');
    expect(tokenCall?.body).toContain('client_secret=secret');
    expect(tokenCall?.headers['content-type']).toContain('application/x-www-form-urlencoded');
    expect(emulator.counters).toMatchObject({ authorizeCalls: 1, codeCalls: 1, refreshCalls: 1 });
    expect(emulator.issued.accessTokens).toHaveLength(2);
    expect(emulator.issued.accessTokens).toContain(tokens.access_token);
    expect(emulator.issued.refreshTokens).toContain(tokens.refresh_token);
    expect(emulator.issued.idTokens).toEqual([tokens.id_token]);
    expect(emulator.deliveries).toEqual([
      { redirectUri, mode: 'query', parameters: { code: emulator.issued.codes[0], state: 'state-1' } },
    ]);
  });

  it('names itself by the loopback name that was asked for', async () => {
    const other = await createConnectisEmulator({ host: 'localhost' });
    expect(other.origin).toMatch(/^http:\/\/localhost:\d+$/);
    expect((await get(other.url('/nowhere'))).status).toBe(404);
    await other.close();
  });

  it('awaits the hook before it sends a token answer that has taken effect', async () => {
    const { refresh_token } = await (await redeem()).json();
    const order: string[] = [];
    emulator.set({
      beforeTokenAnswer: async ({ request, answer }) => {
        emulator.set({ beforeTokenAnswer: undefined });
        order.push(`hook ${request.form.get('grant_type')} ${answer.status}`);
        order.push(`second ${(await refresh(refresh_token)).status}`);
      },
    });
    const response = await refresh(refresh_token);
    order.push(`first ${response.status}`);
    expect(order).toEqual(['hook refresh_token 200', 'second 400', 'first 200']);
  });
});

describe('a fault', () => {
  it.each([
    ['server-error', 500, 'application/json'],
    ['too-many-requests', 429, 'application/json'],
    ['html', 400, 'text/html'],
  ] as const)('%s spoils one token call before it takes effect', async (name, status, type) => {
    const { refresh_token } = await (await redeem()).json();
    emulator.faults.next(name, { retryAfterSeconds: 7 });
    const response = await refresh(refresh_token);
    expect([response.status, response.headers.get('content-type')]).toEqual([status, type]);
    expect(response.headers.get('retry-after')).toBe(status === 429 ? '7' : null);
    expect((await refresh(refresh_token)).status).toBe(200);
  });

  it('resets the connection', async () => {
    emulator.faults.next('reset');
    await expect(refresh('any')).rejects.toThrow('fetch failed');
  });

  it('loses the answer of a call that took effect', async () => {
    const { refresh_token } = await (await redeem()).json();
    emulator.faults.next('reset', { afterProcessing: true });
    await expect(refresh(refresh_token)).rejects.toThrow('fetch failed');
    expect((await refresh(refresh_token)).status).toBe(400);
  });

  it('hangs until the emulator closes', async () => {
    emulator.faults.next('hang');
    const call = refresh('any').catch(() => 'cut off');
    while (emulator.counters.refreshCalls === 0) await new Promise(setImmediate);
    await emulator.close();
    expect(await call).toBe('cut off');
  });

  it('hits the endpoint and the number of calls that were named', async () => {
    emulator.faults.next('server-error', { path: '/broker/openidconnect/authorize', times: 2 });
    expect((await authorize()).status).toBe(500);
    expect((await refresh('any')).status).toBe(400);
    expect((await authorize()).status).toBe(500);
    expect((await authorize()).status).toBe(302);
    emulator.faults.next('server-error', { times: Number.POSITIVE_INFINITY });
    emulator.faults.clear();
    expect((await refresh('any')).status).toBe(400);
  });
});

describe('the sign-in page', () => {
  const openPage = async () => {
    emulator.set({ interactive: true });
    const html = await (await authorize()).text();
    return { html, ...readPageForm(html) };
  };

  const press = (page: Awaited<ReturnType<typeof openPage>>, decision: string) =>
    postForm(emulator.url(page.action), { ...page.fields, decision });

  it('names the person and the application, escaped', async () => {
    emulator.set({ user: { sub: '1', name: 'Ola <b>' } });
    const { html } = await openPage();
    expect(html).toContain('Sign in as Ola &lt;b&gt;');
    expect(html).toContain('&lt;app&gt;');
  });

  it('leads to the answer once the person signs in', async () => {
    const response = await press(await openPage(), 'approve');
    expect(response.status).toBe(303);
    expect(readCallback(response)).toMatchObject({ tenant: '1', state: 'state-1', code: expect.any(String) });
  });

  it('leads to the error answer when the person cancels', async () => {
    const response = await press(await openPage(), 'cancel');
    expect(readCallback(response)).toMatchObject({ error: 'access_denied', state: 'state-1' });
  });

  it('is good for one decision', async () => {
    const page = await openPage();
    await press(page, 'approve');
    expect((await press(page, 'approve')).status).toBe(400);
  });
});
