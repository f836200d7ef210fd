import { decodeJwt } from 'jose';
import type { ProviderDefinition } from '../provider-definition.ts';
import type { IdTokenVerification } from './id-token.ts';
import { isJwt } from './is-jwt.ts';
import type { AnswerOpener } from './protected-answers.ts';
import { faultError } from './provider-fault.ts';
import type { KeyVerifier } from './signing-keys.ts';
import { namingFaults } from './token-faults.ts';

/** Whether a login is answered by a form that the browser posts, rather than by the query of the callback. */
export function isFormPost({ responseMode }: Pick<ProviderDefinition, 'responseMode'>): boolean {
  return responseMode.startsWith('form_post');
}

/** Whether the answer to a login is a JWT. */
function isInJwt({ responseMode }: Pick<ProviderDefinition, 'responseMode'>): boolean {
  return responseMode.endsWith('jwt');
}

/** What is looked at to find the login that an answer belongs to. */
const PEEKED: readonly string[] = ['state', 'code', 'error'];

/** What the JWT of an answer is opened by, where it is encrypted. */
type OpenResponse = AnswerOpener['openResponse'];

/**
 * Reads the parameters of an answer, those inside its JWT as well, of which nothing has been verified. Where a JWT is
 * wanted, a code beside it is none.
 *
 * @throws ProviderError `provider_invalid_response` for an encrypted one that cannot be opened: nobody knows its login.
 */
export async function peekAnswer(
  answer: URLSearchParams,
  definition: ProviderDefinition,
  open: OpenResponse,
): Promise<URLSearchParams> {
  if (!isInJwt(definition)) return answer;
  const peeked = new URLSearchParams(answer);
  for (const name of ['code', 'id_token']) peeked.delete(name);
  const jwt = answer.get('response') ?? '';
  // One in the clear, where it must not be, tells its login all the same, which is then refused.
  const isSealed = jwt !== '' && !isJwt(jwt);
  for (const [name, value] of readClaims(isSealed ? await open(jwt) : jwt)) peeked.set(name, value);
  return peeked;
}

function readClaims(jwt: string): readonly [string, string][] {
  if (!isJwt(jwt)) return [];
  try {
    return textsOf(decodeJwt(jwt)).filter(([name]) => PEEKED.includes(name));
  } catch {
    return [];
  }
}

/**
 * Verifies a signed answer, which may be encrypted, and gives its claims as the parameters they are; another answer is
 * given as it is.
 *
 * @throws ProviderError `provider_invalid_response`, naming the claim.
 * @see [JWT Secured Authorization Response Mode, section 2.4](https://openid.net/specs/oauth-v2-jarm-final.html#section-2.4)
 */
export async function openAnswer(
  answer: URLSearchParams,
  {
    definition,
    name,
    verify,
    now,
    open,
  }: Omit<IdTokenVerification, 'verify'> & {
    readonly verify: () => KeyVerifier;
    readonly open: OpenResponse;
  },
): Promise<URLSearchParams> {
  if (!isInJwt(definition)) return answer;
  const what = 'the signed answer to the login';
  const response = answer.get('response') ?? '';
  const jwt = response === '' ? '' : await open(response);
  if (!isJwt(jwt)) {
    const got = jwt === '' ? 'nothing' : 'something else';
    const fault = { asked: 'the callback', member: 'response', expected: 'a signed JWT', got };
    throw faultError(name, { ...fault, option: 'responseMode' });
  }
  const verifyNamed = namingFaults(verify(), { name, what, algorithmOption: 'responseSigningAlgorithm' });
  const { payload } = await verifyNamed(jwt, {
    // It came through the browser: anybody may have put anything there.
    trustedChannel: false,
    refuseUnfit: true,
    options: {
      algorithms: [definition.responseSigningAlgorithm ?? definition.identity.algorithm],
      issuer: definition.issuer,
      audience: definition.clientId,
      clockTolerance: definition.clockToleranceSeconds,
      currentDate: new Date(now()),
      requiredClaims: ['exp'],
    },
  });
  return new URLSearchParams(textsOf(payload));
}

function textsOf(claims: object): [string, string][] {
  return Object.entries(claims).filter((entry): entry is [string, string] => typeof entry[1] === 'string');
}
