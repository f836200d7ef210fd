import * as client from 'openid-client';
import type { ClientAuthentication, ProviderDefinition } from '../provider-definition.ts';
import { createKeyAssertion, createSecretAssertion } from './client-assertion.ts';
import { CERTIFICATE_METHODS } from './client-key.ts';
import type { ClientKeys } from './client-keys.ts';
import type { RefusalAdvice } from './provider-faults.ts';
import type { SecretReader } from './secret-reader.ts';

/** How this client proves itself, and what may help where that is refused. */
export interface ClientProof {
  /** Puts the proof into a request, by what the provider announces. */
  readonly authenticate: client.ClientAuth;
  /** Says what to try when the provider with this metadata refuses the client. */
  advise(metadata: Partial<client.ServerMetadata>): RefusalAdvice;
}

/**
 * Makes a client's proof: by the method that is configured, else by one that the provider announces.
 *
 * @see [RFC 6749, section 2.3](https://www.rfc-editor.org/rfc/rfc6749#section-2.3)
 */
export function createClientProof(
  definition: ProviderDefinition,
  { readSecret, readKeys }: { readSecret: SecretReader | undefined; readKeys: ClientKeys | undefined },
): ClientProof {
  const { clientAssertionAudience: audience } = definition;
  const proofs = {
    none: client.None(),
    tls_client_auth: client.TlsClientAuth(),
    self_signed_tls_client_auth: client.TlsClientAuth(),
    client_secret_basic: bySecret(readSecret, createBasic(definition.quirks)),
    client_secret_post: bySecret(readSecret, client.ClientSecretPost),
    client_secret_jwt: bySecret(readSecret, createSecretAssertion(audience)),
    private_key_jwt: createKeyAssertion(readKeys, audience),
  } satisfies Readonly<Record<ClientAuthentication, client.ClientAuth>>;

  return {
    authenticate: (server, ...request) =>
      proofs[chooseMethod(definition, server.token_endpoint_auth_methods_supported)](server, ...request),

    advise: (metadata) => (answer) =>
      isRefusalOfClient(answer) && provesClient(answer.url, metadata)
        ? adviseOn(definition, metadata.token_endpoint_auth_methods_supported)
        : undefined,
  };
}

/** By the secret as it is at this moment. */
function bySecret(
  readSecret: SecretReader | undefined,
  createProof: (secret: string) => client.ClientAuth,
): client.ClientAuth {
  return async (...request) => createProof(await readSecret!())(...request);
}

/** HTTP Basic, by a server's own way to read it. */
function createBasic({ basicEncoding }: ProviderDefinition['quirks']): (secret: string) => client.ClientAuth {
  const encode = basicEncoding === 'raw' ? (text: string) => text : encodeURIComponent;
  return (secret) =>
    (_server, { client_id: id }, body, headers) => {
      // An authorization request that is pushed names its client in any case (RFC 9126, section 2.1).
      const isNamed = basicEncoding === 'raw' || body.has('response_type') || body.has('request');
      if (isNamed) body.set('client_id', id);
      else body.delete('client_id');
      const credentials = Buffer.from(`${encode(id)}:${encode(secret)}`).toString('base64');
      headers.set('authorization', `Basic ${credentials}`);
    };
}

/**
 * Chooses how a client proves itself. Where the options do not say, a secret goes by HTTP Basic, or in the body where a
 * provider announces that and not Basic. There is no second try: a secret that was refused is not sent another way.
 */
export function chooseMethod(
  { clientAuthentication, clientSecret }: Pick<ProviderDefinition, 'clientAuthentication' | 'clientSecret'>,
  announced: unknown,
): ClientAuthentication {
  if (clientAuthentication !== undefined) return clientAuthentication;
  if (clientSecret === undefined) return 'none';
  const methods = readList(announced);
  const isPost = methods?.includes('client_secret_post') && !methods.includes('client_secret_basic');
  return isPost ? 'client_secret_post' : 'client_secret_basic';
}

/** A list of a discovery document; `undefined` where there is none, or something else. */
export function readList(value: unknown): readonly string[] | undefined {
  if (!Array.isArray(value)) return undefined;
  return value.filter((item): item is string => typeof item === 'string');
}

/** Servers that cannot read a proof answer 401 or 403, with whatever they have for a body. */
function isRefusalOfClient({ oauthError, status }: Parameters<RefusalAdvice>[0]): boolean {
  if (oauthError !== undefined) return ['invalid_client', 'unauthorized_client'].includes(oauthError);
  return status === 401 || status === 403;
}

/** Elsewhere it is a token that was refused, and whose client that is nobody asked. */
function provesClient(url: string, metadata: Partial<client.ServerMetadata>): boolean {
  const endpoints = [
    metadata.token_endpoint,
    metadata.revocation_endpoint,
    metadata.introspection_endpoint,
    metadata.pushed_authorization_request_endpoint,
  ];
  return endpoints.some((endpoint) => endpoint !== undefined && isSamePlace(url, endpoint));
}

/** Some servers get their parameters in the query. */
function isSamePlace(url: string, endpoint: string): boolean {
  const [{ origin, pathname }, place] = [new URL(url), new URL(endpoint)];
  return origin === place.origin && pathname === place.pathname;
}

/** Elsewhere the preset has chosen, and there is no option to name. */
const WITH_CHOICE: readonly string[] = ['oidc', 'oauth2'];

function adviseOn(definition: ProviderDefinition, announced: unknown): string {
  const method = chooseMethod(definition, announced);
  const check = CERTIFICATE_METHODS.includes(method)
    ? 'Is clientId that of this provider?'
    : `Are clientId and ${method === 'private_key_jwt' ? 'clientKey' : 'clientSecret'} those of this provider?`;
  if (!WITH_CHOICE.includes(definition.preset)) return check;
  const methods = readList(announced);
  const list =
    methods && methods.length > 0 ? ` It announces ${methods.slice(0, 10).map(printable).join(', ')}.` : '';
  return `The client was named by ${method}. ${check} ${OTHER_WAYS[method](definition)}${list}`;
}

const OTHER_WAYS: Readonly<Record<ClientAuthentication, (definition: ProviderDefinition) => string>> = {
  client_secret_basic: ({ quirks }) =>
    quirks.basicEncoding === 'raw'
      ? "If they are: the server may decode them, quirks: { basicEncoding: 'form' }, or want them in the body, clientAuthentication: 'client_secret_post'."
      : "If they are: the server may not decode them, quirks: { basicEncoding: 'raw' }, or want them in the body, clientAuthentication: 'client_secret_post'.",
  client_secret_post: () =>
    "If they are: the server may want them by HTTP Basic, clientAuthentication: 'client_secret_basic'.",
  private_key_jwt: ({ clientAssertionAudience }) =>
    clientAssertionAudience === 'token_endpoint'
      ? "If they are: the assertion may be for the issuer, clientAssertionAudience: 'issuer', or name its key, clientKeyId."
      : "If they are: the assertion may have to be for the token endpoint, clientAssertionAudience: 'token_endpoint', or name its key, clientKeyId.",
  client_secret_jwt: ({ clientAssertionAudience }) =>
    clientAssertionAudience === 'token_endpoint'
      ? "If they are: the assertion may be for the issuer, clientAssertionAudience: 'issuer'."
      : "If they are: the assertion may have to be for the token endpoint, clientAssertionAudience: 'token_endpoint'.",
  tls_client_auth: () =>
    'If it is: the option fetch of connectAuth() must bring the certificate that the provider knows this client by.',
  self_signed_tls_client_auth: () =>
    'If it is: the option fetch of connectAuth() must bring the certificate that the provider knows this client by.',
  none: () => 'If they are: the provider may want a proof, clientSecret or clientKey.',
};

function printable(method: string): string {
  return method.slice(0, 64).replace(/[^ -~]/g, '?');
}
