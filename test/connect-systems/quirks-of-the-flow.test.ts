import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { createConnectisEmulator } from '../emulators/connectis.ts';
import { createDidEmulator } from '../emulators/did.ts';
import { createFewlinesEmulator } from '../emulators/fewlines.ts';
import { createTelenorEmulator } from '../emulators/telenor.ts';
import type { ListeningServer } from '../support/listen.ts';
import { beginLogin, loggedIn, refused, tryLogin } from '../support/login-outcome.ts';
import {
  asOidc,
  connectisByHand,
  didByHand,
  fewlinesByHand,
  type OidcChange,
  serveKeyOf,
  startFront,
  telenorByHand,
} from '../support/oidc-systems.ts';
import { setUpSystem } from '../support/system-bed.ts';

const fewlines = setUpSystem(createFewlinesEmulator);
const telenor = setUpSystem(createTelenorEmulator);
const connectis = setUpSystem(createConnectisEmulator);
const did = setUpSystem(createDidEmulator);

const fronts: ListeningServer[] = [];
afterEach(async () => {
  for (const front of fronts.splice(0)) await front.close();
});

/** Puts a stricter authorization endpoint before that of a system. */
async function withFront(
  system: ReturnType<typeof didByHand>,
  target: string,
  look: Parameters<typeof startFront>[1],
): Promise<ReturnType<typeof didByHand>> {
  const front = await startFront(target, look);
  fronts.push(front);
  return (baseUrl) => {
    const options = system(baseUrl);
    return { ...options, metadata: { ...options.metadata!, authorization_endpoint: front.origin } };
  };
}

const anybody = { ...loggedIn, user: expect.any(String) };
const memory = { redis: 'memory' } as const;

describe('the implicit flow', () => {
  let keys: ListeningServer;
  beforeAll(async () => {
    keys = await serveKeyOf(connectis.emulator.certificate);
  });
  afterAll(() => keys.close());

  const implicit = { quirks: { dangerouslyUseImplicitFlow: true } };
  const brokerThat = (look: Parameters<typeof startFront>[1]) =>
    withFront(
      connectisByHand(connectis.emulator, keys.origin),
      connectis.emulator.url('/broker/openidconnect/authorize'),
      look,
    );
  /** Answers every request as if it had asked for the implicit flow. */
  const answersImplicitly = (params: URLSearchParams) => {
    params.set('response_type', 'id token token');
    return undefined;
  };
  /** Knows no flow but that one, and only by the spelling of its documentation. */
  const isImplicit = (params: URLSearchParams) =>
    params.get('response_type') === 'id token token' ? undefined : 'unsupported_response_type';

  it.each([
    ['is read from the query (Q9)', answersImplicitly, implicit, anybody],
    [
      'is refused where it was not asked for (Q9 off)',
      answersImplicitly,
      {},
      refused('provider_invalid_response'),
    ],
    ['is asked for as "id token token" (Q10)', isImplicit, implicit, anybody],
    ['is not asked for by default (Q10 off)', isImplicit, {}, refused('login_denied', 403)],
  ])('%s', async (_what, look, change, outcome) => {
    const app = await connectis.start(asOidc(await brokerThat(look), change), memory);
    expect(await tryLogin(app)).toEqual(outcome);
  });
});

describe('an authorization request', () => {
  const listed = ['client_id', 'redirect_uri', 'response_mode', 'prompt', 'state'];
  /** Takes the parameters of the guide alone. */
  const takesListed = (params: URLSearchParams) =>
    [...params.keys()].every((name) => listed.includes(name)) ? undefined : 'invalid_request';

  it.each([
    ['names neither response_type nor scope (Q11)', {}, anybody],
    ['names both by default (Q11 off)', { authorizationRequest: 'standard' }, refused('login_denied', 403)],
    ['leaves out the nonce as well', { nonce: true }, refused('login_denied', 403)],
  ] as const)('%s', async (_what, quirks, outcome) => {
    const target = did.emulator.url('/oidc/authorize');
    const system = await withFront(didByHand(did.emulator), target, takesListed);
    const app = await did.start(asOidc(system, { responseMode: 'query', quirks }), memory);
    expect(await tryLogin(app)).toEqual(outcome);
  });
});

describe('an answer by form_post', () => {
  const posts = (params: URLSearchParams) => void params.set('response_mode', 'form_post');

  it.each([
    ['is taken, with a cookie that crosses sites (Q12)', 'form_post', anybody],
    [
      'finds no login where the query was expected (Q12 off)',
      'query',
      { user: undefined, hasSessionCookie: false },
    ],
  ] as const)('%s', async (_what, responseMode, outcome) => {
    const system = await withFront(didByHand(did.emulator), did.emulator.url('/oidc/authorize'), posts);
    const app = await did.start(asOidc(system, { responseMode }), memory);
    const { codeCalls } = did.emulator.counters;
    expect(await tryLogin(app)).toMatchObject(outcome);
    expect(did.emulator.counters.codeCalls - codeCalls).toBe(responseMode === 'form_post' ? 1 : 0);
  });
});

describe("a login in a provider's own popup", () => {
  const fetched = {
    accept: '*/*',
    'sec-fetch-site': 'same-origin',
    'sec-fetch-mode': 'cors',
    'sec-fetch-dest': 'empty',
  };

  /** Begins one on a page whose origin has so many characters. */
  const begin = async (originLength: number, change: OidcChange = {}) => {
    fewlines.emulator.set({ tokenIssuer: fewlines.emulator.origin });
    const ending = '.localhost:3000';
    const label = 'a'.repeat(20);
    const host = `${label}.${label}.${label}.`.padEnd(originLength - 'http://'.length - ending.length, 'b');
    const baseUrl = `http://${host}${ending}`;
    expect(baseUrl).toHaveLength(originLength);
    const app = await fewlines.start(asOidc(fewlinesByHand(fewlines.emulator), change), {
      ...memory,
      baseUrl,
    });
    const answer = await app.browser().get('/login?display=provider_popup', fetched);
    return { app, status: answer.status, start: await answer.json() };
  };
  const openAtProvider = async ({ authorizationUrl }: { authorizationUrl: string }) =>
    (await fetch(authorizationUrl, { redirect: 'manual' })).status;

  it('keeps its state within 255 characters, on an origin of 111 (Q18)', async () => {
    const { start } = await begin(111);
    expect(await openAtProvider(start)).toBe(302);
  });

  it('is not begun where the state would be longer, and the operator is told why (Q18)', async () => {
    const { app, status } = await begin(112);
    expect(status).toBe(500);
    expect(app.errors[0]?.error.message).toContain('takes a state of 255 characters; this one has 256');
  });

  it('fails at the provider with such a state (Q18 off)', async () => {
    const { start } = await begin(112, { quirks: { maxStateLength: 4096 } });
    expect(await openAtProvider(start)).toBe(400);
  });

  it("has the provider's own redirect_uri (Q19)", async () => {
    const { start } = await begin(100);
    const url = new URL(start.authorizationUrl);
    expect(url.searchParams.get('redirect_uri')).toBe(fewlines.emulator.popupUri);
  });

  it('is a clear error at a provider that has none (Q19 off)', async () => {
    const { status, start } = await begin(100, { quirks: { popupRedirectUri: undefined } });
    expect([status, start]).toEqual([501, { error: 'provider_unsupported', reference: expect.any(String) }]);
  });
});

describe('a claim that makes the session end with the browser', () => {
  it.each([
    ['is obeyed (Q20)', 'td_sls', false],
    ['is nothing to a standard provider (Q20 off)', false, true],
  ] as const)('%s', async (_what, browserSessionClaim, isPersistent) => {
    telenor.emulator.set({ shortLivedSession: true });
    const preset = asOidc(telenorByHand(telenor.emulator), { quirks: { browserSessionClaim } });
    const app = await telenor.start(preset, { ...memory, session: { persistent: true } });
    const browser = app.browser();
    await app.logIn(browser);
    expect(Number.isFinite(browser.jar.get('session')!.expiresAt)).toBe(isPersistent);
  });
});

describe('a silent login', () => {
  const begin = async (silentLogin: boolean) => {
    const preset = asOidc(didByHand(did.emulator), { quirks: { silentLogin } });
    return did.start(preset, { ...memory, loginParameters: { prompt: ['none'] } });
  };

  it('is a clear error where prompt=none shows a page (Q23)', async () => {
    const app = await begin(false);
    expect((await app.browser().get('/login?prompt=none')).status).toBe(501);
  });

  it('shows that page otherwise (Q23 off)', async () => {
    const app = await begin(true);
    const before = did.emulator.pagesShown.length;
    await fetch(await beginLogin(app.browser(), '/login?prompt=none'));
    expect(did.emulator.pagesShown.slice(before)).toEqual(['sign-in']);
  });
});
