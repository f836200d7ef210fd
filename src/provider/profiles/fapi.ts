import { ConfigurationError } from '../../errors.ts';
import type {
  PublicKeyAlgorithm,
  ResponseMode,
  SecurityProfile,
  SigningAlgorithm,
} from '../../provider-definition.ts';
import { CERTIFICATE_METHODS } from '../client-key.ts';
import { PROFILE_ALGORITHMS, SIGNING_DEMAND, signsByOther } from './signing-algorithms.ts';

/** The options that a profile looks at, as the application wrote them. */
export interface ProfiledOptions {
  profile?: SecurityProfile;
  clientSecret?: unknown;
  clientAuthentication?: unknown;
  clientAssertionAudience?: unknown;
  clientKey?: unknown;
  clientKeyAlgorithm?: PublicKeyAlgorithm;
  certificateBoundAccessTokens?: boolean;
  idTokenSigningAlgorithm?: SigningAlgorithm;
  responseMode?: ResponseMode;
  responseSigningAlgorithm?: PublicKeyAlgorithm;
  userinfoSigningAlgorithm?: PublicKeyAlgorithm;
  introspectionSigningAlgorithm?: PublicKeyAlgorithm;
  pushedAuthorizationRequests?: boolean;
  signedAuthorizationRequests?: boolean;
  metadata?: unknown;
  dangerouslyAllowHttp?: readonly string[];
  clockToleranceSeconds?: number;
  dpop?: boolean;
  quirks?: Readonly<{
    pkce?: unknown;
    responseIssuer?: unknown;
    dangerouslyUseImplicitFlow?: unknown;
    tokenParams?: unknown;
    authorizationRequest?: unknown;
    minimumKeyBits?: unknown;
  }>;
}

/** One thing that a profile forbids, and where it says so. */
type Rule = readonly [isBroken: (options: ProfiledOptions) => boolean, clause: string, says: string];

/** What the keys of a client may sign by, under a profile. `undefined`: by anything. */
export function allowedKeyAlgorithms(
  profile: SecurityProfile | undefined,
): readonly PublicKeyAlgorithm[] | undefined {
  return profile ? PROFILE_ALGORITHMS : undefined;
}

function isUnlike(value: unknown, allowed: readonly unknown[]): boolean {
  return value !== undefined && !allowed.includes(value);
}

const FAPI2: readonly Rule[] = [
  [({ metadata }) => metadata !== undefined, '5.3.3.1', 'metadata is discovered, and not given'],
  [
    ({ dangerouslyAllowHttp = [] }) => dangerouslyAllowHttp.length > 0,
    '5.2.1',
    'dangerouslyAllowHttp is empty: every call goes by TLS',
  ],
  [
    ({ clientAuthentication }) => isUnlike(clientAuthentication, ['private_key_jwt', ...CERTIFICATE_METHODS]),
    '5.3.3.1',
    'clientAuthentication is "private_key_jwt", "tls_client_auth" or "self_signed_tls_client_auth"',
  ],
  [
    ({ clientKey, clientAuthentication }) =>
      clientKey === undefined && !CERTIFICATE_METHODS.includes(clientAuthentication),
    '5.3.3.1',
    'the client has a clientKey, or proves itself by a certificate',
  ],
  [
    ({ clientSecret }) => clientSecret !== undefined,
    '5.3.3.1',
    'there is no clientSecret: the client proves itself by what nobody else has',
  ],
  [
    ({ clientAssertionAudience }) => isUnlike(clientAssertionAudience, ['issuer']),
    '5.3.3.1',
    'clientAssertionAudience is "issuer"',
  ],
  [
    ({ certificateBoundAccessTokens, dpop }) => certificateBoundAccessTokens !== true && dpop === false,
    '5.3.3.1',
    'access tokens are of no use to a thief: dpop is not switched off, or certificateBoundAccessTokens is true',
  ],
  [
    ({ pushedAuthorizationRequests }) => pushedAuthorizationRequests === false,
    '5.3.3.2',
    'pushedAuthorizationRequests is not switched off',
  ],
  [({ quirks }) => isUnlike(quirks?.pkce, ['S256']), '5.3.3.2', 'quirks.pkce is "S256"'],
  [
    ({ quirks }) => isUnlike(quirks?.responseIssuer, ['announced']),
    '5.3.3.2',
    'quirks.responseIssuer is "announced": the answer to a login names its issuer',
  ],
  [
    ({ quirks }) => quirks?.dangerouslyUseImplicitFlow === true,
    '5.3.3.2',
    'the flow is that of the authorization code: no quirks.dangerouslyUseImplicitFlow',
  ],
  [
    ({ quirks }) =>
      isUnlike(quirks?.tokenParams, ['body']) || isUnlike(quirks?.authorizationRequest, ['standard']),
    '5.3.3.2',
    'quirks.tokenParams and quirks.authorizationRequest are left as they are',
  ],
  [signsByOther, '5.4.1', SIGNING_DEMAND],
  [({ quirks }) => isUnlike(quirks?.minimumKeyBits, [2048]), '5.4.1', 'quirks.minimumKeyBits is 2048'],
  // It is written for servers; what a client allows a server is the same question.
  [
    ({ clockToleranceSeconds = 30 }) => clockToleranceSeconds < 10 || clockToleranceSeconds > 60,
    '5.3.2.1',
    'clockToleranceSeconds is from 10 to 60',
  ],
];

const MESSAGE_SIGNING: readonly Rule[] = [
  [
    ({ signedAuthorizationRequests, clientKey }) =>
      signedAuthorizationRequests === false || clientKey === undefined,
    '5.3.2',
    'requests are signed, by a clientKey; signedAuthorizationRequests is not switched off',
  ],
  [
    ({ responseMode }) => isUnlike(responseMode, ['jwt', 'query.jwt', 'form_post.jwt']),
    '5.4.2',
    'responseMode is "jwt", "query.jwt" or "form_post.jwt"',
  ],
];

/**
 * Holds the options of a provider to a profile: switches on what it demands, and refuses what it forbids.
 *
 * @returns the options as if the application had written them so.
 * @throws ConfigurationError with a sentence, and its clause, for everything that is forbidden.
 * @see [FAPI 2.0 Security Profile](https://openid.net/specs/fapi-security-profile-2_0-final.html)
 * @see [FAPI 2.0 Message Signing](https://openid.net/specs/fapi-message-signing-2_0-final.html)
 */
export function applyFapiProfile<Options extends ProfiledOptions>(call: string, options: Options): Options {
  const { profile } = options ?? {};
  if (profile !== 'fapi2' && profile !== 'fapi2-message-signing') return options;
  const signsMessages = profile === 'fapi2-message-signing';
  const broken = [
    ...findBroken(options, FAPI2, 'FAPI 2.0 Security Profile'),
    ...(signsMessages ? findBroken(options, MESSAGE_SIGNING, 'FAPI 2.0 Message Signing') : []),
  ];
  if (broken.length > 0)
    throw new ConfigurationError(
      broken.map((rule) => `${call}: profile "${profile}" wants that ${rule}`).join('\n'),
    );
  return {
    ...options,
    idTokenSigningAlgorithm: options.idTokenSigningAlgorithm ?? 'PS256',
    pushedAuthorizationRequests: true,
    // Tokens are bound to a key of their own, where it is not to the certificate.
    ...(options.certificateBoundAccessTokens === true ? {} : { dpop: true }),
    ...(signsMessages
      ? { signedAuthorizationRequests: true, responseMode: options.responseMode ?? 'query.jwt' }
      : {}),
  };
}

function findBroken(options: ProfiledOptions, rules: readonly Rule[], document: string): readonly string[] {
  return rules
    .filter(([isBroken]) => isBroken(options))
    .map(([, clause, says]) => `${says} (${document}, ${clause}).`);
}
