import { decodeJwt } from 'jose';
import { type ProviderSession, readCookie, withParams } from './authorization-endpoint.ts';
import type { Grants } from './grants.ts';
import type { ProviderAnswer, ProviderRequest, ProviderRoute } from './provider-server.ts';
import { renderPage } from './sign-in-page.ts';
import type { TestPeople } from './test-people.ts';
import { isClient, refuse } from './token-endpoint.ts';

/** What they are made of. */
export interface PersonEndpointsOptions {
  readonly clientId: string;
  readonly clientSecret: string;
  readonly people: TestPeople;
  readonly grants: Grants;
  readonly sessions: Map<string, ProviderSession>;
  readonly cookieName: string;
}

/** Makes the endpoints that tell of a person, take tokens back, and end the session at the provider. */
export function createPersonEndpoints(options: PersonEndpointsOptions) {
  const { people, grants, sessions, cookieName } = options;

  const tell = ({ headers }: ProviderRequest): ProviderAnswer => {
    const grant = grants.findAccess(/^Bearer (.+)$/i.exec(headers.authorization ?? '')?.[1] ?? '');
    const person = grant && people.find(grant.sub);
    if (person) return { body: person };
    return {
      ...refuse('invalid_token', 401),
      headers: { 'www-authenticate': 'Bearer error="invalid_token"' },
    };
  };

  const revoke = (request: ProviderRequest): ProviderAnswer => {
    if (!isClient(request, options)) return refuse('invalid_client', 401);
    grants.revoke(request.form.get('token') ?? '');
    return {};
  };

  const logOut = ({ method, url, form, headers }: ProviderRequest): ProviderAnswer => {
    const params = method === 'POST' ? form : url.searchParams;
    const hint = params.get('id_token_hint');
    if (hint !== null && readAudience(hint) !== options.clientId) return refuse('invalid_request');
    const id = readCookie(headers.cookie, cookieName);
    if (id !== undefined) sessions.delete(id);
    const forget = { 'set-cookie': `${cookieName}=; Path=/; Max-Age=0` };
    const target = params.get('post_logout_redirect_uri') ?? '';
    if (!URL.canParse(target))
      return { ...renderPage('Signed out', '<p>Nobody is signed in here any more.</p>'), status: 200 };
    const state = params.get('state');
    const location = withParams(target, new URLSearchParams(state === null ? {} : { state }));
    return { status: 303, headers: { location, ...forget } };
  };

  return {
    userinfo: { endpoint: 'userinfo', answer: tell },
    revocation: { endpoint: 'revocation', answer: revoke },
    logout: { endpoint: 'logout', answer: logOut },
  } satisfies Record<string, ProviderRoute>;
}

/** Whom an ID token was made for; one of ours or not does not matter here. */
function readAudience(token: string): unknown {
  try {
    return decodeJwt(token).aud;
  } catch {
    return undefined;
  }
}
