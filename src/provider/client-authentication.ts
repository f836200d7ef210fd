import * as client from 'openid-client';
import type { ClientAuthentication, ProviderDefinition } from '../provider-definition.ts';
import { createKeyAuthentication } from './client-key.ts';
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
  { readSecret, readKey }: { readSecret: SecretReader | undefined; readKey: SecretReader | undefined },
): ClientProof {
  const { clientKey, clientAssertionAudience: audience, quirks } = definition;
  const byKey = clientKey && readKey && createKeyAuthentication(clientKey, { readKey, audience });

  return {
    authenticate: async (server, own, body, headers) => {
      const method = chooseMethod(definition, server.token_endpoint_auth_methods_supported);
      if (method === 'none') return client.None()(server, own, body, headers);
      if (method === 'private_key_jwt') return byKey!(server, own, body, headers);
      const secret = await readSecret!();
      body.set('client_id', own.client_id);
      if (method === 'client_secret_post') return body.set('client_secret', secret);
      const encode = quirks.basicEncoding === 'raw' ? (text: string) => text : encodeURIComponent;
      if (quirks.basicEncoding !== 'raw') body.delete('client_id');
      const credentials = Buffer.from(`${encode(own.client_id)}:${encode(secret)}`).toString('base64');
      headers.set('authorization', `Basic ${credentials}`);
    },

    advise: (metadata) => (answer) =>
      isRefusalOfClient(answer) && provesClient(answer.url, metadata)
        ? adviseOn(definition, metadata.token_endpoint_auth_methods_supported)
        : undefined,
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
  const check = `Are clientId and ${method === 'private_key_jwt' ? 'clientKey' : 'clientSecret'} those of this provider?`;
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
  none: () => 'If they are: the provider may want a proof, clientSecret or clientKey.',
};

function printable(method: string): string {
  return method.slice(0, 64).replace(/[^ -~]/g, '?');
}
