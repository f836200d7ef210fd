import { readChallenges } from '../read-challenges.ts';
import { type StepUpLogin, StepUpRequiredError } from '../step-up-errors.ts';

/** As much as a login under way can remember, in characters; of more classes, the first are taken. */
const MAX_CLASSES_LENGTH = 200;
/** A year: as much as a login may be asked for. */
const MAX_AGE_SECONDS = 31_536_000;

/**
 * Reads an API's word that the login behind the token is not fresh or strong enough; `undefined`: it says nothing of that.
 *
 * @param url - what was called.
 * @param provider - whose login is meant, where there are several to choose among.
 * @see [RFC 9470, section 3](https://www.rfc-editor.org/rfc/rfc9470#section-3)
 */
export function readStepUp(
  url: URL,
  { status, headers }: Response,
  provider: string | undefined,
): StepUpRequiredError | undefined {
  if (status !== 401) return undefined;
  const challenge = readChallenges(headers.get('www-authenticate')).find(
    ({ scheme, parameters }) =>
      ['bearer', 'dpop'].includes(scheme) && parameters.get('error') === 'insufficient_user_authentication',
  );
  if (!challenge) return undefined;
  const login = readLogin(challenge.parameters);
  return new StepUpRequiredError(url.origin, provider === undefined ? login : { ...login, provider });
}

function readLogin(parameters: ReadonlyMap<string, string>): StepUpLogin {
  const acrValues = readClasses(parameters.get('acr_values') ?? '');
  const maxAge = readSeconds(parameters.get('max_age') ?? '');
  const isNow = maxAge === 0 || (maxAge === undefined && acrValues.length === 0);
  return {
    ...(acrValues.length > 0 ? { acrValues } : {}),
    ...(maxAge === undefined ? {} : { maxAgeSeconds: Math.max(1, maxAge) }),
    // A login that is as old as the question is none that a guard could measure.
    ...(isNow ? { prompt: 'login' as const } : {}),
  };
}

/** Classes are words of printable ASCII, as in the request that will ask for them. */
function readClasses(text: string): readonly string[] {
  const classes = text.split(' ').filter((word) => /^[!-~]+$/.test(word));
  let length = 0;
  return classes.filter((word) => {
    length += word.length + 1;
    return length <= MAX_CLASSES_LENGTH;
  });
}

function readSeconds(text: string): number | undefined {
  return /^\d{1,15}$/.test(text) ? Math.min(Number(text), MAX_AGE_SECONDS) : undefined;
}
