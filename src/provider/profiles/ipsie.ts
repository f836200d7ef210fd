import type { JWTPayload } from 'jose';
import { ConfigurationError } from '../../errors.ts';
import { kindOf, show } from '../provider-fault.ts';
import { SIGNING_DEMAND, type SigningOptions, signsByOther } from './signing-algorithms.ts';

/** The name of the profile. */
export const IPSIE_SL1 = 'ipsie-sl1';

/** The options that the profile looks at, as the application wrote them. */
export interface IpsieOptions extends SigningOptions {
  profile?: unknown;
  clientKey?: unknown;
  clientSecret?: unknown;
  clientAuthentication?: unknown;
  clientAssertionAudience?: unknown;
  metadata?: unknown;
  trustedAudiences?: unknown;
  dangerouslyAllowHttp?: readonly unknown[];
  quirks?: object;
}

/** Quirks that would take away what the profile demands, and the value each must have. */
const QUIRKS: Readonly<Record<string, unknown>> = {
  pkce: 'S256',
  nonce: true,
  responseIssuer: 'announced',
  minimumKeyBits: 2048,
  identity: 'id_token',
  dangerouslyUseImplicitFlow: false,
};

/** One thing that the profile demands of the options, and where: it takes the requirements that all its levels share along. */
type Rule = readonly [isBroken: (options: IpsieOptions) => boolean, section: string, says: string];

const RELYING_PARTIES = 'IPSIE SL1, Requirements for OpenID Relying Parties';
/** It leaves public clients in; no server needs to be one. */
const PROOF = `${RELYING_PARTIES}: an assertion is the only proof that it names`;

const RULES: readonly Rule[] = [
  [
    ({ clientKey, clientAuthentication = 'private_key_jwt' }) =>
      clientKey === undefined || clientAuthentication !== 'private_key_jwt',
    PROOF,
    'clientKey proves the client, by clientAuthentication "private_key_jwt"',
  ],
  [({ clientSecret }) => clientSecret !== undefined, PROOF, 'there is no clientSecret'],
  [
    ({ clientAssertionAudience = 'issuer' }) => clientAssertionAudience !== 'issuer',
    RELYING_PARTIES,
    'clientAssertionAudience is "issuer"',
  ],
  [({ metadata }) => metadata !== undefined, RELYING_PARTIES, 'metadata is discovered, and not given'],
  [signsByOther, 'IPSIE Common Requirements, Cryptography and Secrets', SIGNING_DEMAND],
  [
    ({ trustedAudiences = [] }) => !(Array.isArray(trustedAudiences) && trustedAudiences.length === 0),
    'IPSIE SL1, Requirements for OpenID Providers',
    'trustedAudiences is left out: an ID token is for this client alone',
  ],
  [
    ({ dangerouslyAllowHttp = [] }) => dangerouslyAllowHttp.length > 0,
    'IPSIE Common Requirements, Network Layer Requirements',
    'dangerouslyAllowHttp is left out: every call goes by TLS',
  ],
  [
    ({ quirks = {} }) =>
      Object.entries(quirks).some(
        ([name, value]) => value !== undefined && value !== (QUIRKS[name] ?? value),
      ),
    RELYING_PARTIES,
    `${Object.keys(QUIRKS)
      .map((name) => `quirks.${name}`)
      .join(', ')} are left as they are`,
  ],
];

/**
 * Holds the options of a provider to IPSIE SL1, if that is its profile: completes what it demands, and refuses what it
 * forbids.
 *
 * @returns the options as if the application had written them so.
 * @throws ConfigurationError with a line, and its section, for everything that is forbidden.
 * @see [IPSIE SL1 OpenID Connect Profile](https://openid.github.io/ipsie-openid-sl1/draft-openid-ipsie-sl1-profile.html)
 * @see [IPSIE Common Requirements Profile](https://openid.github.io/ipsie-common-requirements-profile/draft-ipsie-common-requirements-profile.html)
 */
export function applyIpsieProfile<Options extends IpsieOptions>(call: string, options: Options): Options {
  if (options?.profile !== IPSIE_SL1) return options;
  const broken = RULES.filter(([isBroken]) => isBroken(options));
  if (broken.length > 0) {
    const lines = broken.map(
      ([, section, says]) => `${call}: profile "${IPSIE_SL1}" wants that ${says} (${section}).`,
    );
    throw new ConfigurationError(lines.join('\n'));
  }
  return { ...options, idTokenSigningAlgorithm: options.idTokenSigningAlgorithm ?? 'PS256' };
}

/**
 * Names what an ID token of a login lacks that the profile has in each; `undefined`: nothing. Its time, signature and
 * issuer are checked as those of every ID token.
 */
export function findIpsieProblem(payload: JWTPayload, clientId: string) {
  const { aud, acr, amr, auth_time, session_expiry } = payload;
  if (aud !== clientId)
    return { member: 'aud', expected: `${show(clientId)} alone, as a text`, got: show(aud) };
  if (typeof acr !== 'string' || acr === '')
    return { member: 'acr', expected: 'the class of the authentication', got: kindOf(acr) };
  if (!Array.isArray(amr) || amr.length === 0 || !amr.every((method) => typeof method === 'string'))
    return { member: 'amr', expected: 'a list of methods', got: kindOf(amr) };
  if (auth_time === undefined)
    return { member: 'auth_time', expected: 'when the person was there', got: 'nothing' };
  if (session_expiry === undefined)
    return { member: 'session_expiry', expected: 'when the session must end', got: 'nothing' };
  return undefined;
}
