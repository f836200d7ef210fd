import type { Claims } from '../../support/scripted-keys.ts';

/** What a provider of FAPI 2.0 says of itself. */
export function writeDiscoveryDocument(issuer: string): Claims {
  return {
    issuer,
    authorization_endpoint: `${issuer}authorize`,
    token_endpoint: `${issuer}token`,
    jwks_uri: `${issuer}jwks`,
    userinfo_endpoint: `${issuer}userinfo`,
    pushed_authorization_request_endpoint: `${issuer}par`,
    require_pushed_authorization_requests: true,
    response_types_supported: ['code'],
    response_modes_supported: ['query', 'jwt', 'query.jwt', 'form_post.jwt'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['PS256'],
    authorization_signing_alg_values_supported: ['PS256'],
    request_object_signing_alg_values_supported: ['PS256', 'ES256'],
    token_endpoint_auth_methods_supported: ['private_key_jwt'],
    token_endpoint_auth_signing_alg_values_supported: ['PS256', 'ES256'],
    dpop_signing_alg_values_supported: ['PS256', 'ES256'],
    code_challenge_methods_supported: ['S256'],
    tls_client_certificate_bound_access_tokens: true,
    authorization_response_iss_parameter_supported: true,
  };
}
