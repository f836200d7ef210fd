import { randomUUID } from 'node:crypto';
import type { Clock } from '../clock.ts';
import type { Grants } from './grants.ts';
import type { ProviderFaults } from './provider-faults.ts';
import type { ProviderAnswer, ProviderRequest, ProviderRoute } from './provider-server.ts';
import { renderFormPost, renderRefusal, renderSignIn } from './sign-in-page.ts';
import type { TestPeople, TestPerson } from './test-people.ts';

/** A session at the provider: somebody who need not be asked again who they are. */
export interface ProviderSession {
  readonly sid: string;
  readonly sub: string;
  /** Seconds since the epoch. */
  readonly authTime: number;
  readonly acr: string;
  readonly amr: readonly string[];
}

/** What the endpoint is made of. */
export interface AuthorizationOptions {
  readonly issuer: string;
  readonly clientId: string;
  /** `undefined`: any. */
  readonly redirectUris: readonly string[] | undefined;
  readonly people: TestPeople;
  readonly grants: Grants;
  /** By the value of the cookie. */
  readonly sessions: Map<string, ProviderSession>;
  readonly cookieName: string;
  readonly faults: ProviderFaults;
  readonly now: Clock;
}

/** How somebody proves who they are. */
export interface Proof {
  readonly acr?: string | undefined;
  readonly amr?: readonly string[] | undefined;
  /** Seconds since the epoch. */
  readonly authTime?: number | undefined;
}

/** What the browser brings back to the application. */
export interface AuthorizationResult {
  readonly redirectUri: string;
  readonly params: URLSearchParams;
  readonly responseMode: 'query' | 'form_post';
}

/** The authorization endpoint, for browsers and for tests without one. */
export interface AuthorizationEndpoint {
  readonly route: ProviderRoute;
  /** Lets a person sign in, or cancel, without a browser. @throws Error for a request that a browser would see refused. */
  signIn(url: URL, choice: { person: TestPerson | undefined; proof: Proof }): AuthorizationResult;
}

/** An authorization request that is right. */
interface LoginRequest {
  readonly redirectUri: string;
  readonly params: URLSearchParams;
}

/** Makes it. */
export function createAuthorizationEndpoint(options: AuthorizationOptions): AuthorizationEndpoint {
  const { issuer, clientId, people, grants, sessions, cookieName, faults, now } = options;
  const seconds = () => Math.floor(now() / 1000);

  const resultOf = (
    { redirectUri, params }: LoginRequest,
    answer: Record<string, string>,
  ): AuthorizationResult => {
    const state = faults.meet('wrong_state', 'authorization') ? randomUUID() : params.get('state');
    const responseMode = params.get('response_mode') === 'form_post' ? 'form_post' : 'query';
    const given = { ...answer, ...(state === null ? {} : { state }), iss: issuer };
    return { redirectUri, params: new URLSearchParams(given), responseMode };
  };

  const admit = (request: LoginRequest, session: ProviderSession): AuthorizationResult => {
    const refusal = (['access_denied', 'login_required'] as const).find((each) =>
      faults.meet(each, 'authorization'),
    );
    if (refusal) return resultOf(request, { error: refusal });
    const { params, redirectUri } = request;
    const { sub, sid, authTime, acr, amr } = session;
    const code = grants.issueCode({
      ...{ sub, sid, authTime, acr, amr, redirectUri },
      scope: params.get('scope')!,
      nonce: params.get('nonce') ?? undefined,
      codeChallenge: params.get('code_challenge')!,
    });
    return resultOf(request, { code });
  };

  const begin = ({ params }: LoginRequest, { sub, acr, amr }: TestPerson, proof: Proof): ProviderSession => ({
    sid: randomUUID(),
    sub,
    authTime: proof.authTime ?? seconds(),
    acr: proof.acr ?? params.get('acr_values')?.split(' ')[0] ?? (typeof acr === 'string' ? acr : '1'),
    amr: proof.amr ?? (Array.isArray(amr) ? amr : ['pwd']),
  });

  const answer = ({ method, url, headers, form }: ProviderRequest): ProviderAnswer => {
    const request = readRequest(url.searchParams, options);
    if (typeof request === 'string') return renderRefusal(request);
    const { params } = request;
    if (method === 'POST') {
      const person = people.find(form.get('person') ?? '');
      if (!person) return send(resultOf(request, { error: 'access_denied' }));
      const session = begin(request, person, {});
      const id = randomUUID();
      sessions.set(id, session);
      return send(admit(request, session), `${cookieName}=${id}; Path=/; HttpOnly; SameSite=Lax`);
    }
    const session = sessions.get(readCookie(headers.cookie, cookieName) ?? '');
    if (session && isEnough(session, params, seconds())) return send(admit(request, session));
    if (params.get('prompt') === 'none') return send(resultOf(request, { error: 'login_required' }));
    return renderSignIn({
      people: people.list(),
      clientId,
      acr: params.get('acr_values')?.split(' ')[0],
      action: url.pathname + url.search,
    });
  };

  return {
    route: { endpoint: 'authorization', answer },
    signIn: (url, { person, proof }) => {
      const request = readRequest(url.searchParams, options);
      if (typeof request === 'string') throw new Error(request);
      if (!person) return resultOf(request, { error: 'access_denied' });
      return admit(request, begin(request, person, proof));
    },
  };
}

/** Reads an authorization request, or says what is wrong with it. */
function readRequest(
  params: URLSearchParams,
  { clientId, redirectUris }: AuthorizationOptions,
): LoginRequest | string {
  const redirectUri = params.get('redirect_uri') ?? '';
  const expected: readonly (readonly [isRight: boolean, problem: string])[] = [
    [params.get('client_id') === clientId, `client_id must be ${clientId}`],
    [URL.canParse(redirectUri), 'redirect_uri must be a URL'],
    [redirectUris?.includes(redirectUri) ?? true, `redirect_uri must be one of: ${redirectUris?.join(' ')}`],
    [params.get('response_type') === 'code', 'response_type must be code'],
    [(params.get('scope') ?? '').split(' ').includes('openid'), 'scope must hold openid'],
    [params.get('code_challenge_method') === 'S256', 'code_challenge_method must be S256'],
    [/^[\w-]{43}$/.test(params.get('code_challenge') ?? ''), 'code_challenge must be a SHA-256 in base64url'],
  ];
  const wrong = expected.find(([isRight]) => !isRight);
  return wrong ? `${wrong[1]}.` : { redirectUri, params };
}

/** Whether who has a session need not be asked again. */
function isEnough({ authTime, acr }: ProviderSession, params: URLSearchParams, time: number): boolean {
  const prompts = (params.get('prompt') ?? '').split(' ');
  if (prompts.some((each) => ['login', 'select_account', 'create', 'consent'].includes(each))) return false;
  const maxAge = params.get('max_age');
  if (maxAge !== null && time - authTime > Number(maxAge)) return false;
  const wanted = params.get('acr_values')?.split(' ');
  return wanted === undefined || wanted.includes(acr);
}

function send({ redirectUri, params, responseMode }: AuthorizationResult, cookie?: string): ProviderAnswer {
  const setCookie: Record<string, string> = cookie === undefined ? {} : { 'set-cookie': cookie };
  if (responseMode === 'form_post') {
    const page = renderFormPost(redirectUri, params);
    return { ...page, headers: { ...page.headers, ...setCookie } };
  }
  return { status: 303, headers: { location: withParams(redirectUri, params), ...setCookie } };
}

/** A URL with more in its query. */
export function withParams(url: string, params: URLSearchParams): string {
  const target = new URL(url);
  for (const [name, value] of params) target.searchParams.append(name, value);
  return target.href;
}

/** The value of a cookie. */
export function readCookie(header: string | undefined, name: string): string | undefined {
  const pair = header?.split(/; */).find((each) => each.startsWith(`${name}=`));
  return pair?.slice(name.length + 1);
}
