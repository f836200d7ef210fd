import type { ServerMetadata } from 'openid-client';
import type { AnswerEncryption, ProviderDefinition } from '../provider-definition.ts';
import { chooseMethod } from './client-authentication.ts';
import { isPushed, isSigned } from './request-url.ts';
import { splitWords } from './split-words.ts';

/** A value that the options rely on: the list of the discovery document that should have it, and the option. */
export type ConfiguredValue = readonly [member: string, value: string, option: string];

/**
 * Names every value that the options rely on and that a provider can announce. What the options leave open is not named,
 * nor what a key that a function gives will sign by.
 *
 * @see [OpenID Connect Discovery, section 3](https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderMetadata)
 * @see [RFC 8414, section 2](https://www.rfc-editor.org/rfc/rfc8414#section-2)
 */
export function listConfiguredValues(
  definition: ProviderDefinition,
  metadata: Readonly<ServerMetadata>,
): readonly ConfiguredValue[] {
  const { responseMode, quirks, authorizationParams, identity } = definition;
  const method = chooseMethod(definition, metadata.token_endpoint_auth_methods_supported);
  return [
    ['id_token_signing_alg_values_supported', identity.algorithm, 'idTokenSigningAlgorithm'],
    ...listSignatures(definition),
    // Who proves nothing needs no leave.
    ...keepGiven([
      [
        'token_endpoint_auth_methods_supported',
        method === 'none' ? undefined : method,
        'clientAuthentication',
      ],
    ]),
    ...listOwnSignatures(definition, { metadata, method }),
    ['response_modes_supported', responseMode, 'responseMode'],
    ...(quirks.pkce === 'none'
      ? []
      : [['code_challenge_methods_supported', quirks.pkce, 'quirks.pkce'] as const]),
    ...listEncryptions(definition),
    ...splitWords(authorizationParams.prompt ?? '').map(
      (prompt): ConfiguredValue => ['prompt_values_supported', prompt, 'authorizationParams.prompt'],
    ),
    ...typesOf(definition).map(
      (type): ConfiguredValue => ['authorization_details_types_supported', type, 'authorizationDetails'],
    ),
  ];
}

/**
 * Names what the options rely on that a provider can announce not to do: the members that must not be `false`, each with
 * the option. One that is absent says nothing. In an answer that is a JWT the issuer is a claim, and no parameter.
 *
 * @see [RFC 8705, section 3.3](https://www.rfc-editor.org/rfc/rfc8705#section-3.3)
 * @see [RFC 9207, section 3](https://www.rfc-editor.org/rfc/rfc9207#section-3)
 */
export function listConfiguredSwitches(
  definition: ProviderDefinition,
  metadata: Readonly<ServerMetadata>,
): readonly (readonly [member: string, option: string])[] {
  const { certificateBoundAccessTokens, profile, responseMode } = definition;
  const sendsSigned = isSigned(definition, metadata) && !isPushed(definition, metadata);
  const wantsIssuer = profile !== undefined && !responseMode.endsWith('jwt');
  const switches: readonly [boolean, string, string][] = [
    [
      certificateBoundAccessTokens === true,
      'tls_client_certificate_bound_access_tokens',
      'certificateBoundAccessTokens',
    ],
    [sendsSigned, 'request_parameter_supported', 'signedAuthorizationRequests'],
    [wantsIssuer, 'authorization_response_iss_parameter_supported', 'profile'],
  ];
  return switches.filter(([isReliedOn]) => isReliedOn).map(([, member, option]) => [member, option]);
}

/** What other answers of the provider are signed by. */
function listSignatures(definition: ProviderDefinition): readonly ConfiguredValue[] {
  const { responseMode, responseSigningAlgorithm, identity } = definition;
  const { userinfoSigningAlgorithm, introspectionSigningAlgorithm } = definition;
  const response = responseMode.endsWith('jwt')
    ? (responseSigningAlgorithm ?? identity.algorithm)
    : undefined;
  return keepGiven([
    ['authorization_signing_alg_values_supported', response, 'responseSigningAlgorithm'],
    ['userinfo_signing_alg_values_supported', userinfoSigningAlgorithm, 'userinfoSigningAlgorithm'],
    [
      'introspection_signing_alg_values_supported',
      introspectionSigningAlgorithm,
      'introspectionSigningAlgorithm',
    ],
  ]);
}

/** What this client signs by: its proof, its requests, and the proofs of its tokens. */
function listOwnSignatures(
  definition: ProviderDefinition,
  { metadata, method }: { metadata: Readonly<ServerMetadata>; method: string },
): readonly ConfiguredValue[] {
  const bySecret = method === 'client_secret_jwt' ? 'HS256' : undefined;
  const key = definition.clientKey?.signsBy;
  const proof = 'token_endpoint_auth_signing_alg_values_supported';
  const request = 'request_object_signing_alg_values_supported';
  return keepGiven([
    [proof, bySecret, 'clientAuthentication'],
    [proof, method === 'private_key_jwt' ? key : undefined, 'clientKeyAlgorithm'],
    [request, isSigned(definition, metadata) ? key : undefined, 'clientKeyAlgorithm'],
    ['dpop_signing_alg_values_supported', definition.dpop ? 'ES256' : undefined, 'dpop'],
  ]);
}

function listEncryptions(definition: ProviderDefinition): readonly ConfiguredValue[] {
  const given: readonly [string, AnswerEncryption | undefined, string][] = [
    ['id_token', definition.idTokenEncryption, 'idTokenEncryption'],
    ['userinfo', definition.userinfoEncryption, 'userinfoEncryption'],
    ['introspection', definition.introspectionEncryption, 'introspectionEncryption'],
    ['authorization', definition.responseEncryption, 'responseEncryption'],
  ];
  return given.flatMap(([kind, encryption, option]) =>
    keepGiven([
      [`${kind}_encryption_alg_values_supported`, encryption?.alg, `${option}.alg`],
      [`${kind}_encryption_enc_values_supported`, encryption?.enc, `${option}.enc`],
    ]),
  );
}

function typesOf({ authorizationDetails = [] }: ProviderDefinition): readonly string[] {
  return [...new Set(authorizationDetails.map(({ type }) => type))];
}

function keepGiven(
  values: readonly (readonly [string, string | undefined, string])[],
): readonly ConfiguredValue[] {
  return values.filter((value): value is ConfiguredValue => value[1] !== undefined);
}
