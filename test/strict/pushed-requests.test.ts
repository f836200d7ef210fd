import { describe, expect, it } from '@jest/globals';
import { whoIs } from '../support/bed.ts';
import { createTestClock } from '../support/clock.ts';
import { beginLogin, tryLogin } from '../support/login-outcome.ts';
import { notStarted, tryStart } from '../support/start-outcome.ts';
import { setUpStrictProvider } from '../support/strict-bed.ts';
import { ask } from '../support/token-routes.ts';

const demanding = setUpStrictProvider(() => ({
  features: { pushedAuthorizationRequests: { enabled: true, requirePushedAuthorizationRequests: true } },
}));
const tolerant = setUpStrictProvider();

/** A fetch that answers pushed requests by itself. */
const answering =
  (status: number, body: object): typeof fetch =>
  async (url, init) =>
    String(url).endsWith('/request')
      ? new Response(JSON.stringify(body), { status, headers: { 'content-type': 'application/json' } })
      : fetch(url, init);

describe('a provider that demands pushed requests', () => {
  it('is told of the login by POST, and the browser carries a name for it alone (R-60, R-62)', async () => {
    const clock = createTestClock();
    const app = await demanding.start({ now: clock.now });
    const browser = app.browser();
    const url = await beginLogin(browser, '/login?returnTo=/me');
    expect([...url.searchParams.keys()].sort()).toEqual(['client_id', 'request_uri']);
    const result = await browser.deliver(await demanding.op.signIn(url.href));
    expect(result.headers.get('location')).toBe('/me');
    expect(await whoIs(browser)).toBe('ada');
    clock.advance(310_000);
    expect((await ask(browser)).status).toBe(200);
    await browser.post('/logout');
    expect(await whoIs(browser)).toBeNull();
    expect(app.errors.map(({ error }) => error)).toEqual([]);
  });

  it('gives each login a name of its own (R-61)', async () => {
    const app = await demanding.start();
    const browser = app.browser();
    const names = [await beginLogin(browser), await beginLogin(browser)].map(({ searchParams }) =>
      searchParams.get('request_uri'),
    );
    expect(new Set(names).size).toBe(2);
  });
});

describe('the option pushedAuthorizationRequests', () => {
  it('pushes where nobody demands it, and without it nothing is pushed (R-60, C-02)', async () => {
    const without = await tolerant.start();
    expect((await beginLogin(without.browser())).searchParams.has('request_uri')).toBe(false);
    expect(tolerant.seen.filter((line) => line.includes('/request'))).toEqual([]);
    const app = await tolerant.start({ oidc: { pushedAuthorizationRequests: true } });
    expect((await beginLogin(app.browser())).searchParams.has('state')).toBe(false);
    expect(await tryLogin(app)).toMatchObject({ status: 303, user: 'ada' });
  });

  it.each<[string, number, object, string, number]>([
    ['a refusal', 400, { error: 'invalid_request' }, 'provider_refused', 502],
    ['a refusal of the client', 401, { error: 'invalid_client' }, 'provider_refused', 502],
    ['no name', 201, { expires_in: 60 }, 'provider_invalid_response', 502],
    ['an empty name', 201, { request_uri: '', expires_in: 60 }, 'provider_invalid_response', 502],
    [
      'a name that no redirect has room for',
      201,
      { request_uri: `urn:${'x'.repeat(2100)}`, expires_in: 60 },
      'provider_invalid_response',
      502,
    ],
    ['another success', 200, { request_uri: 'urn:x', expires_in: 60 }, 'provider_invalid_response', 502],
    ['no answer at this moment', 503, {}, 'provider_unavailable', 503],
  ])('begins no login after %s: there is no way back to a plain one (R-61)', async (_, status, body, code, shown) => {
    const app = await tolerant.start({
      fetch: answering(status, body),
      oidc: { pushedAuthorizationRequests: true },
    });
    expect(await tryStart(app)).toEqual(notStarted(code, shown));
    const { message } = app.errors.at(-1)!.error;
    expect(message).toMatch(/http\S+\/request/);
    expect(message.includes('expected status 201')).toBe(status === 200);
  });

  it('names the client also beside a proof by HTTP Basic (R-60)', async () => {
    const bodies: URLSearchParams[] = [];
    const app = await tolerant.start({
      client: {
        client_secret: 'a secret',
        token_endpoint_auth_method: 'client_secret_basic',
        jwks: undefined,
      } as never,
      oidc: { clientKey: undefined, clientSecret: 'a secret', pushedAuthorizationRequests: true } as never,
      fetch: (url, init) => {
        if (init?.method === 'POST') bodies.push(new URLSearchParams(String(init.body)));
        return fetch(url, init);
      },
    });
    expect(await tryLogin(app)).toMatchObject({ status: 303, user: 'ada' });
    expect(bodies.map((body) => body.get('client_id'))).toEqual(['app', null]);
  });

  it('tells nothing of the request in an error that quotes it (F-122)', async () => {
    let sent = new URLSearchParams();
    const app = await tolerant.start({
      oidc: { pushedAuthorizationRequests: true },
      fetch: async (url, init) => {
        if (!String(url).endsWith('/request')) return fetch(url, init);
        sent = new URLSearchParams(String(init?.body));
        const error_description = `${sent.get('state')} ${sent.get('nonce')} ${sent.get('client_assertion')}`;
        return Response.json({ error: 'invalid_request', error_description }, { status: 400 });
      },
    });
    await tryStart(app);
    const error = app.errors.at(-1)!.error as { oauthErrorDescription?: string };
    expect(sent.get('state')).toHaveLength(43);
    expect(error.oauthErrorDescription).toBe('… … …');
  });

  it('needs the address of the endpoint, and a request of the standard form (F-123)', async () => {
    const app = await tolerant.start({
      oidc: { pushedAuthorizationRequests: true },
      fetch: async (url, init) => {
        const answer = await fetch(url, init);
        if (!String(url).includes('openid-configuration')) return answer;
        const { pushed_authorization_request_endpoint: _, ...document } = await answer.json();
        return Response.json(document);
      },
    });
    expect(await tryStart(app)).toEqual(notStarted('provider_unsupported', 501));
    expect(app.errors.at(-1)!.error.message).toMatch(/the option pushedAuthorizationRequests calls for/);
    const bare = { pushedAuthorizationRequests: true, quirks: { authorizationRequest: 'bare' } } as const;
    await expect(tolerant.start({ oidc: bare })).rejects.toThrow('requests of the standard code flow');
  });
});
