import type { ProviderDefinition } from '../provider-definition.ts';
import { remember } from '../remember.ts';
import { createBoundedFetch, type Fetch } from './bounded-fetch.ts';
import type { EndpointName } from './endpoints.ts';
import { INTROSPECTION_TYPE } from './introspection-answer.ts';
import { type ObservedFetchOptions, observeFetch } from './observed-fetch.ts';
import { foundFault, kindOf, nameRequest } from './provider-fault.ts';
import { describeAnswer } from './provider-faults.ts';
import { type KeepAnswer, rewriteTokenAnswer } from './quirks/token-answer-rules.ts';
import { readObject } from './read-object.ts';
import { isSuccess, toResponse, type WholeAnswer, withJson } from './whole-answer.ts';

/** The endpoints whose traffic a provider's quirks touch, as far as they are known yet. */
export type KnownEndpoints = Readonly<Partial<Record<EndpointName, string>>>;

/** A fetch that hands what a token answer holds to whoever keeps it, and to nobody else. */
export type ProviderFetch = (url: string, options: RequestInit, keep?: KeepAnswer) => Promise<Response>;

/** Verifies what a userinfo endpoint says as a JWT, and gives its claims. Rejects where it is not to be believed. */
export type VerifyUserInfo = (jwt: string) => Promise<object>;

/** What the calls to a provider go through. */
export interface ProviderFetchOptions
  extends Pick<ObservedFetchOptions, 'name' | 'monotonic' | 'diagnostics'> {
  readonly endpoints: () => KnownEndpoints | undefined;
  readonly fetch: Fetch;
  readonly verifyUserInfo: VerifyUserInfo;
  /** The same for an introspection endpoint. */
  readonly verifyIntrospection: VerifyUserInfo;
}

/** The bounded fetch with a provider's quirks on it, each at the endpoint it belongs to and nowhere else. */
export function createProviderFetch(
  definition: ProviderDefinition,
  { endpoints, fetch, verifyUserInfo, verifyIntrospection, ...observed }: ProviderFetchOptions,
): ProviderFetch {
  const { quirks, timeoutMs, introspectionSigningAlgorithm } = definition;
  const mustBeSigned = (definition.userinfoSigningAlgorithm ?? definition.userinfoEncryption) !== undefined;
  const nameEndpoint = (url: string) => nameOf(url, endpoints());
  const bounded = observeFetch(createBoundedFetch({ timeoutMs, fetch }), {
    ...observed,
    timeoutMs,
    nameEndpoint,
  });

  const ask = async (url: string, options: RequestInit, keep?: KeepAnswer): Promise<WholeAnswer> => {
    const known = endpoints();
    if (isAt(url, known?.userinfo_endpoint))
      return readUserInfo(await bounded(url, options), {
        asked: nameRequest(options.method, url),
        ...{ verifyUserInfo, mustBeSigned },
      });
    if (isAt(url, known?.pushed_authorization_request_endpoint))
      return readPushed(await bounded(url, options), nameRequest(options.method, url), options);
    if (isAt(url, known?.introspection_endpoint) && introspectionSigningAlgorithm)
      return hideWhatWasSent(await askForJwt(url, options), options);
    if (isAt(url, known?.introspection_endpoint))
      return hideWhatWasSent(await bounded(url, options), options);
    if (!isAt(url, known?.token_endpoint) && !isAt(url, known?.revocation_endpoint))
      return bounded(url, options);
    const request = quirks.tokenParams === 'query' ? moveParamsToQuery(url, options) : { url, options };
    const given = await bounded(request.url, request.options);
    const answer = rewriteTokenAnswer(given, quirks, keep);
    // What is no object was left as it was, and is told as what it is.
    if (keep && answer === given && given.status === 200) readObject(given, nameRequest(options.method, url));
    return hideWhatWasSent(answer, options);
  };
  /** The library would verify it by no key. It gets what has been verified here. */
  const askForJwt = async (url: string, options: RequestInit): Promise<WholeAnswer> => {
    const headers = new Headers(options.headers);
    headers.set('accept', INTROSPECTION_TYPE);
    const answer = await bounded(url, { ...options, headers });
    if (!isSuccess(answer)) return answer;
    const [type = ''] = (answer.headers.get('content-type') ?? '').split(';');
    if (type.trim().toLowerCase() === INTROSPECTION_TYPE)
      return withJson(answer, await verifyIntrospection(answer.text.trim()));
    throw foundFault({
      asked: nameRequest(options.method, url),
      expected: 'a signed JWT',
      got: describeAnswer(answer),
      option: 'introspectionSigningAlgorithm',
    });
  };
  return (url, options, keep) => ask(url, options, keep).then(toResponse);
}

/** Far above any honest name of a request. In characters. */
const MAX_REQUEST_URI_LENGTH = 2048;

/** What a provider calls a request that was pushed. The library tells none of these faults by its name. */
function readPushed(answer: WholeAnswer, asked: string, sent: RequestInit): WholeAnswer {
  if (!isSuccess(answer)) return hideWhatWasSent(answer, sent);
  if (answer.status !== 201) throw foundFault({ asked, expected: 'status 201', got: describeAnswer(answer) });
  const { request_uri: requestUri } = readObject(answer, asked);
  if (typeof requestUri !== 'string' || requestUri === '')
    throw foundFault({ asked, member: 'request_uri', expected: 'a text', got: kindOf(requestUri) });
  if (requestUri.length > MAX_REQUEST_URI_LENGTH) {
    const expected = `at most ${MAX_REQUEST_URI_LENGTH} characters, which a redirect has room for`;
    throw foundFault({ asked, member: 'request_uri', expected, got: `${requestUri.length}` });
  }
  return answer;
}

/** The library calls an endpoint by its normal form; the provider may write a default port, or capitals in the host. */
function isAt(url: string, endpoint: string | undefined): boolean {
  return endpoint !== undefined && url === normalForm(endpoint);
}

const normalForm = remember((url) => new URL(url).href);

/** Names what a URL is to the provider, for those who watch. */
function nameOf(url: string, known: KnownEndpoints | undefined): string {
  const address = url.replace(/\?.*/s, '');
  const names = [
    ['token', known?.token_endpoint],
    ['keys', known?.jwks_uri],
    ['userinfo', known?.userinfo_endpoint],
    ['revocation', known?.revocation_endpoint],
    ['introspection', known?.introspection_endpoint],
    ['pushed_request', known?.pushed_authorization_request_endpoint],
  ] as const;
  const found = names.find(([, endpoint]) => isAt(address, endpoint?.replace(/\?.*/s, '')));
  return found?.[0] ?? (url.includes('/.well-known/') ? 'discovery' : 'other');
}

/** Some brokers want the parameters of a token request in its URL. Never in both places. */
function moveParamsToQuery(url: string, options: RequestInit): { url: string; options: RequestInit } {
  if (!(options.body instanceof URLSearchParams)) return { url, options };
  const target = new URL(url);
  for (const [name, value] of options.body) target.searchParams.append(name, value);
  const headers = new Headers(options.headers);
  headers.delete('content-type');
  return { url: target.href, options: { ...options, headers, body: null } };
}

/** What a userinfo endpoint is expected to answer. */
interface UserInfoExpectations {
  readonly asked: string;
  readonly verifyUserInfo: VerifyUserInfo;
  readonly mustBeSigned: boolean;
}

/**
 * The library would take a JWT without verifying its signature, and anything else as if it were JSON. It gets what has been
 * verified here.
 */
async function readUserInfo(answer: WholeAnswer, expected: UserInfoExpectations): Promise<WholeAnswer> {
  if (!isSuccess(answer)) return answer;
  const { asked } = expected;
  const claims = await readUserClaims(answer, expected);
  const { sub } = claims as { sub?: unknown };
  if (typeof sub !== 'string' || sub === '')
    throw foundFault({ asked, member: 'sub', expected: 'a text', got: kindOf(sub) });
  return withJson(answer, claims);
}

async function readUserClaims(
  answer: WholeAnswer,
  { asked, verifyUserInfo, mustBeSigned }: UserInfoExpectations,
): Promise<object> {
  const type = answer.headers.get('content-type') ?? '';
  if (/^application\/json\s*(;|$)/i.test(type) && !mustBeSigned) return readObject(answer, asked);
  if (/^application\/jwt\s*(;|$)/i.test(type)) return verifyUserInfo(answer.text.trim());
  const wanted = mustBeSigned ? 'a signed JWT' : 'JSON, or a signed JWT';
  throw foundFault({ asked, expected: wanted, got: describeAnswer(answer) });
}

/** What a request holds that must be in no message. */
const SECRET_PARAMS = [
  'code',
  'code_verifier',
  'client_secret',
  'client_assertion',
  'refresh_token',
  'subject_token',
  'token',
  'request',
  'state',
  'nonce',
  'id_token_hint',
] as const;

/** A provider that refuses may quote in its `error_description` what it was sent, and that goes to a log. */
function hideWhatWasSent(answer: WholeAnswer, { body, headers: sent }: RequestInit): WholeAnswer {
  if (isSuccess(answer)) return answer;
  const params = body instanceof URLSearchParams ? SECRET_PARAMS.map((name) => body.get(name) ?? '') : [];
  const secrets = [...params, ...secretsOfBasic(new Headers(sent).get('authorization') ?? '')].filter(
    (value) => value !== '',
  );
  const hide = (text: string, value: string) => text.replaceAll(JSON.stringify(value).slice(1, -1), '…');
  return { ...answer, text: secrets.reduce(hide, answer.text) };
}

/** The client's secret in HTTP Basic, as it was written and as it is meant. */
function secretsOfBasic(authorization: string): readonly string[] {
  const credentials = /^Basic (.+)$/i.exec(authorization)?.[1] ?? '';
  const written = /:(.*)$/s.exec(Buffer.from(credentials, 'base64').toString('utf8'))?.[1] ?? '';
  try {
    return [written, decodeURIComponent(written)];
  } catch {
    return [written];
  }
}
