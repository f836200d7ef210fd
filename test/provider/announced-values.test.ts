import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it, jest } from '@jest/globals';
import type { OidcOptions, ProviderError } from 'express-connect-auth';
import type { Claims } from '../support/scripted-keys.ts';
import { notStarted, started, tryStart } from '../support/start-outcome.ts';
import { useApps, useScriptedProvider } from '../support/use-apps.ts';

const op = await useScriptedProvider();
const startApp = useApps();

const pem = (type: 'rsa' | 'ec') =>
  (type === 'ec'
    ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
    : generateKeyPairSync('rsa', { modulusLength: 2048 })
  ).privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
const [EC, RSA] = [pem('ec'), pem('rsa')];
const byKey = { clientSecret: undefined as never, clientKey: EC };

const start = (announced: Claims, oidc: Partial<OidcOptions>) => {
  op.script({ discovery: (document) => ({ ...document, ...announced }) });
  return startApp({ op, oidc });
};

/** What of the options is not in a list of the provider's, and which option says it. */
type Row = [member: string, oidc: Partial<OidcOptions>, value: string, option: string, other: string];
const ROWS: readonly Row[] = [
  ['token_endpoint_auth_signing_alg_values_supported', byKey, 'ES256', 'clientKeyAlgorithm', 'PS256'],
  [
    'token_endpoint_auth_signing_alg_values_supported',
    { ...byKey, clientKey: RSA, clientKeyAlgorithm: 'PS256' },
    'PS256',
    'clientKeyAlgorithm',
    'RS256',
  ],
  [
    'token_endpoint_auth_signing_alg_values_supported',
    { clientSecret: 's'.repeat(32), clientAuthentication: 'client_secret_jwt' },
    'HS256',
    'clientAuthentication',
    'RS256',
  ],
  [
    'request_object_signing_alg_values_supported',
    { ...byKey, signedAuthorizationRequests: true },
    'ES256',
    'clientKeyAlgorithm',
    'none',
  ],
  [
    'authorization_signing_alg_values_supported',
    { responseMode: 'query.jwt', responseSigningAlgorithm: 'ES256' },
    'ES256',
    'responseSigningAlgorithm',
    'RS256',
  ],
  [
    'authorization_signing_alg_values_supported',
    { responseMode: 'jwt' },
    'RS256',
    'responseSigningAlgorithm',
    'ES256',
  ],
  ['dpop_signing_alg_values_supported', { dpop: true }, 'ES256', 'dpop', 'RS256'],
  [
    'authorization_details_types_supported',
    { authorizationDetails: [{ type: 'payment' }, { type: 'payment', amount: 1 }] },
    'payment',
    'authorizationDetails',
    'account',
  ],
  [
    'userinfo_signing_alg_values_supported',
    { userinfoSigningAlgorithm: 'ES256' },
    'ES256',
    'userinfoSigningAlgorithm',
    'RS256',
  ],
  [
    'introspection_signing_alg_values_supported',
    { introspectionSigningAlgorithm: 'ES256' },
    'ES256',
    'introspectionSigningAlgorithm',
    'RS256',
  ],
  ...(['idToken', 'userinfo', 'introspection', 'response'] as const).flatMap((kind): Row[] => {
    const list = { idToken: 'id_token', response: 'authorization' }[kind as string] ?? kind;
    const oidc: Partial<OidcOptions> = {
      decryptionKeys: RSA,
      introspectionSigningAlgorithm: 'RS256',
      ...(kind === 'response' ? { responseMode: 'jwt' } : {}),
      [`${kind}Encryption`]: { alg: 'RSA-OAEP-256', enc: 'A256GCM' },
    };
    return [
      [`${list}_encryption_alg_values_supported`, oidc, 'RSA-OAEP-256', `${kind}Encryption.alg`, 'dir'],
      [`${list}_encryption_enc_values_supported`, oidc, 'A256GCM', `${kind}Encryption.enc`, 'A128GCM'],
    ];
  }),
];

describe('a list of the discovery document that lacks what the options rely on', () => {
  it.each(
    ROWS,
  )('%s, with %j, is told with the option; the login goes on (R-36)', async (member, oidc, value, option, other) => {
    const app = await start({ [member]: [other] }, oidc);
    expect(await tryStart(app)).toMatchObject({ status: 302, redirected: true });
    expect(app.errors.map(({ error }) => error)).toEqual([
      expect.objectContaining({
        code: 'provider_conflict',
        fault: {
          asked: `GET ${op.issuer}.well-known/openid-configuration`,
          member,
          expected: `${value}, as is configured`,
          got: `["${other}"]`,
          option,
        },
        message: expect.stringContaining(`the option to look at is ${option}.`),
      }),
    ]);
  });

  it.each(
    ROWS,
  )('%s, with %j, is nothing to tell of where it has it (R-36)', async (member, oidc, value, _, other) => {
    const app = await start({ [member]: [other, value] }, oidc);
    expect(await tryStart(app)).toEqual(started);
  });

  it('is nothing to tell of where the options do not rely on it (R-36)', async () => {
    const lists = Object.fromEntries(ROWS.map(([member]) => [member, ['other']]));
    expect(await tryStart(await start(lists, {}))).toEqual(started);
    // Nobody knows yet what a key will sign by that a function gives.
    const { request_object_signing_alg_values_supported: _, ...others } = lists;
    expect(await tryStart(await start(others, { ...byKey, clientKey: async () => EC }))).toEqual(started);
    // Who proves nothing needs no leave.
    const none = { token_endpoint_auth_methods_supported: ['private_key_jwt'] };
    const warn = jest.spyOn(process, 'emitWarning').mockReturnValue();
    expect(await tryStart(await start(none, { clientSecret: undefined as never }))).toEqual(started);
    warn.mockRestore();
  });

  it.each<[string, Partial<OidcOptions>, string]>([
    [
      'tls_client_certificate_bound_access_tokens',
      { certificateBoundAccessTokens: true },
      'certificateBoundAccessTokens',
    ],
    [
      'request_parameter_supported',
      { ...byKey, signedAuthorizationRequests: true },
      'signedAuthorizationRequests',
    ],
  ])('has a switch beside it: %s that is off is told, and one that is absent or on is not (R-36)', async (member, oidc, option) => {
    const app = await start({ [member]: false }, oidc);
    expect(await tryStart(app)).toMatchObject({ status: 302, redirected: true });
    expect(app.errors.map(({ error }) => (error as ProviderError).fault)).toEqual([
      expect.objectContaining({ member, expected: 'true, as is configured', got: 'false', option }),
    ]);
    for (const announced of [{}, { [member]: true }])
      expect(await tryStart(await start(announced, oidc))).toEqual(started);
    expect(await tryStart(await start({ [member]: false }, {}))).toEqual(started);
  });

  it('has a switch beside it: a profile wants the issuer in each answer, where that is no claim of a JWT (R-36)', async () => {
    const announced = {
      authorization_response_iss_parameter_supported: false,
      pushed_authorization_request_endpoint: `${op.issuer}par`,
    };
    const strict = { ...byKey, idTokenSigningAlgorithm: 'ES256', profile: 'fapi2' } as const;
    const app = await start(announced, strict);
    expect(await tryStart(app)).toEqual(notStarted('provider_unsupported', 501));
    expect(app.errors.at(-1)!.error.message).toMatch(/iss_parameter_supported: expected true.*got false/);
    // Something else stops this one, before it is pushed.
    const other = { ...announced, id_token_signing_alg_values_supported: ['PS256'] };
    const inJwt = await start(other, { ...strict, responseMode: 'query.jwt' });
    expect(await tryStart(inJwt)).toEqual(notStarted('provider_unsupported', 501));
    const told = inJwt.errors.map(({ error }) => (error as ProviderError).fault?.member);
    expect(new Set(told)).toEqual(new Set(['id_token_signing_alg_values_supported']));
  });

  it.each([
    ['request_object_signing_alg_values_supported', { profile: 'fapi2-message-signing' }],
    ['token_endpoint_auth_signing_alg_values_supported', { profile: 'fapi2' }],
    ['dpop_signing_alg_values_supported', { profile: 'fapi2' }],
  ] as const)('begins no login under a profile: %s (R-36, R-66)', async (member, oidc) => {
    const announced = { [member]: ['RS256'], pushed_authorization_request_endpoint: `${op.issuer}par` };
    const app = await start(announced, { ...byKey, idTokenSigningAlgorithm: 'ES256', ...oidc });
    expect(await tryStart(app)).toEqual(notStarted('provider_unsupported', 501));
    expect(app.errors.at(-1)!.error.message).toMatch(
      new RegExp(`${member}: expected ES256.*under the profile`),
    );
  });
});
