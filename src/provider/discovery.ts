import type { ServerMetadata } from 'openid-client';
import type { ProviderFault } from '../errors.ts';
import type { ProviderDefinition } from '../provider-definition.ts';
import type { Fetch } from './bounded-fetch.ts';
import { usesCertificate } from './certificate-endpoints.ts';
import { ALIASED_ENDPOINTS, ENDPOINTS, FRONT_ENDPOINTS } from './endpoints.ts';
import { checkEndpoint } from './preset-options.ts';
import { foundFault, nameRequest, show, showAddress } from './provider-fault.ts';
import { describeAnswer, isPassing, readRetryAfter } from './provider-faults.ts';

/** More than any honest detour, such as a slash at the end. */
const MAX_REDIRECTS = 3;

/** A provider's document. */
export interface Discovered {
  readonly metadata: ServerMetadata;
  /** What was asked, for messages. */
  readonly asked: string;
}

/**
 * Fetches what a provider says of itself. Redirects are followed on the same origin: elsewhere, somebody else would say it.
 *
 * @throws foundFault, naming the address, the member, what was expected and what came.
 * @see [OpenID Connect Discovery, section 4](https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderConfig)
 */
export async function discover(definition: ProviderDefinition, fetch: Fetch): Promise<Discovered> {
  const address = findDocumentAddress(definition);
  const { response, url } = await fetchAlongOrigin(address, fetch);
  const asked = nameRequest('GET', url);
  const document = await readDocument(response, asked);
  checkIssuer(document, definition, asked);
  const named = withoutNull(document);
  checkEndpoints(named, definition, asked);
  return { metadata: named as ServerMetadata, asked };
}

/** Some write `null` for an endpoint that they do not have. */
function withoutNull(document: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const isNone = (name: string) => document[name] === null && (ENDPOINTS as readonly string[]).includes(name);
  return Object.fromEntries(Object.entries(document).filter(([name]) => !isNone(name)));
}

/** Below the issuer, whose last slash does not come twice. */
function findDocumentAddress({ issuer, discoveryUrl }: ProviderDefinition): string {
  if (discoveryUrl !== undefined) return new URL(discoveryUrl).href;
  const url = new URL(issuer);
  url.pathname = `${url.pathname.replace(/\/$/, '')}/.well-known/openid-configuration`;
  return url.href;
}

async function fetchAlongOrigin(address: string, fetch: Fetch): Promise<{ response: Response; url: string }> {
  let url = address;
  for (let hop = 0; ; hop += 1) {
    const response = await fetch(url, { method: 'GET', headers: { accept: 'application/json' } });
    const location = response.headers.get('location');
    const isRedirect = [301, 302, 303, 307, 308].includes(response.status) && location !== null;
    if (!isRedirect) return { response, url };
    const next = URL.canParse(location, url) ? new URL(location, url) : undefined;
    if (next?.origin !== new URL(url).origin || hop === MAX_REDIRECTS) {
      const expected = `the discovery document, after at most ${MAX_REDIRECTS} redirects on the same origin`;
      const got = `a redirect to ${showAddress(next?.href ?? location)}`;
      throw foundFault({ asked: nameRequest('GET', url), expected, got, option: 'issuer' });
    }
    url = next.href;
  }
}

async function readDocument(response: Response, asked: string): Promise<Readonly<Record<string, unknown>>> {
  const type = response.headers.get('content-type') ?? '';
  const isJson = /^application\/([\w.+-]+\+)?json\s*(;|$)/i.test(type);
  if (response.status !== 200 || !isJson) {
    throw foundFault(
      { asked, expected: 'status 200 with JSON', got: describeAnswer(response), option: 'issuer' },
      isPassing(response.status)
        ? { code: 'provider_unavailable', retryAfterSeconds: readRetryAfter(response) }
        : {},
    );
  }
  const document: unknown = await response.json().catch(() => undefined);
  if (typeof document !== 'object' || document === null || Array.isArray(document))
    throw foundFault({ asked, expected: 'a JSON object', got: 'something else' });
  return document as Record<string, unknown>;
}

/** Issuers are compared as text, as every later check does (section 4.3). */
function checkIssuer(
  { issuer: announced }: Readonly<Record<string, unknown>>,
  { issuer }: ProviderDefinition,
  asked: string,
): void {
  if (announced === issuer) return;
  const fault = { asked, member: 'issuer', expected: issuer, got: show(announced), option: 'issuer' };
  const isSlashOff =
    typeof announced === 'string' && announced.replace(/\/$/, '') === issuer.replace(/\/$/, '');
  throw foundFault(fault, {
    remedy: isSlashOff
      ? 'The option issuer must be the same to the letter: one of them ends with a slash.'
      : undefined,
  });
}

function checkEndpoints(
  document: Readonly<Record<string, unknown>>,
  definition: ProviderDefinition,
  asked: string,
): void {
  for (const member of ENDPOINTS) {
    const value = document[member];
    const isNeeded =
      ['authorization_endpoint', 'token_endpoint'].includes(member) || needsKeys(member, definition);
    if (value !== undefined || isNeeded) checkMember(member, value, { definition, asked });
  }
  const aliases = (usesCertificate(definition) && document.mtls_endpoint_aliases) || {};
  for (const member of ALIASED_ENDPOINTS) {
    const value = (aliases as Readonly<Record<string, unknown>>)[member];
    if (value !== undefined) checkMember(`mtls_endpoint_aliases.${member}`, value, { definition, asked });
  }
}

/** Tokens that are signed by a secret, or by a certificate that the options have, need no published keys. */
function needsKeys(member: string, { identity }: ProviderDefinition): boolean {
  if (member !== 'jwks_uri' || identity.algorithm.startsWith('HS')) return false;
  return !(identity.from === 'id_token' && identity.certificates !== undefined);
}

function checkMember(
  member: string,
  value: unknown,
  { definition, asked }: { definition: ProviderDefinition; asked: string },
): void {
  const { issuer, dangerouslyAllowHttp } = definition;
  const isFront = FRONT_ENDPOINTS.includes(member);
  try {
    checkEndpoint(member, value, issuer, isFront ? undefined : dangerouslyAllowHttp);
  } catch {
    const isPlainHttp =
      typeof value === 'string' && URL.canParse(value) && new URL(value).protocol === 'http:';
    const hasFragment = typeof value === 'string' && value.includes('#');
    const expected = hasFragment ? 'an https URL without a fragment' : 'an https URL';
    const got = hasFragment ? `${showAddress(value)} with one` : showAddress(value);
    const fault: ProviderFault = { asked, member, expected, got };
    throw foundFault({
      ...fault,
      option: isPlainHttp && !isFront && !hasFragment ? 'dangerouslyAllowHttp' : undefined,
    });
  }
}
