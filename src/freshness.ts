import { LoginError } from './errors.ts';

/** What a login must prove beyond who somebody is. */
export interface LoginDemands {
  /** How long ago, in seconds, the person may have proven who they are. */
  readonly maxAgeSeconds?: number | undefined;
  /** Authentication context classes that will do. */
  readonly acrValues?: readonly string[] | undefined;
  /** The person must prove it now, however lately they did: no answer says whether they had to. */
  readonly prompt?: 'login' | undefined;
}

/** What a login has proven of that. */
export interface LoginStrength {
  /** Seconds since the epoch, by the provider's clock. */
  readonly authTime?: number | undefined;
  readonly acr?: string | undefined;
}

/** By which a login is judged. */
export interface StrengthRules {
  /** `minimum`: a higher number answers a lower class; `listed`: it must be one of those asked for. */
  readonly acr: 'listed' | 'minimum';
  /** How far the provider's clock may be off, in seconds. */
  readonly clockToleranceSeconds: number;
  /** Milliseconds by our clock. */
  readonly now: number;
}

/**
 * Names what a login lacks of what was asked; `undefined`: it has all of it. The one rule for `max_age` and `acr`: the
 * login is judged by it when it is done, and by guards ever after.
 *
 * @see [OpenID Connect Core, section 3.1.3.7](https://openid.net/specs/openid-connect-core-1_0.html#IDTokenValidation),
 * rules 12 and 13
 */
export function findUnmetRequirement(
  { authTime, acr }: LoginStrength,
  { maxAgeSeconds, acrValues }: LoginDemands,
  rules: StrengthRules,
): string | undefined {
  if (maxAgeSeconds !== undefined) {
    if (authTime === undefined) return 'auth_time is missing though max_age was asked';
    const age = rules.now / 1000 - authTime;
    // Asked this way round, no comparison with NaN lets anybody pass.
    if (!(age <= maxAgeSeconds + rules.clockToleranceSeconds)) return 'auth_time is older than max_age';
  }
  if (acrValues && !meetsAcr(acr, acrValues, rules.acr)) return 'acr does not answer those asked for';
  return undefined;
}

function meetsAcr(acr: string | undefined, asked: readonly string[], rule: StrengthRules['acr']): boolean {
  if (acr === undefined) return false;
  if (rule === 'listed') return asked.includes(acr);
  return isNumeral(acr) && asked.some((value) => isNumeral(value) && Number(acr) >= Number(value));
}

/** What only looks like one, such as white space, would count as 0, which every class answers. */
function isNumeral(value: string): boolean {
  return /^\d+$/.test(value);
}

/** The browser comes back from a login within this time; who takes longer is a person who goes on. */
const JUST_MS = 10_000;
/** So many different demands in a row, and whatever comes next is one more of a round. */
const MAX_ANSWERED = 8;

/** A login as far as it tells whether a guard may ask for another. */
export interface AnsweredLogin {
  /** What this login, and those just before it, were asked for. */
  readonly answered?: readonly LoginDemands[] | undefined;
  /** When it began and when it was done, in milliseconds by the clocks of the processes that saw it. */
  readonly loginStartedAt: number;
  readonly loggedInAt: number;
}

/**
 * Refuses to ask for what a login was asked for only a moment ago. Asking again leads nowhere but round and round: the
 * provider has no other answer, or the clocks disagree, or an API is never content. Whatever asks by itself for a login of
 * somebody who has one comes through here first.
 *
 * @param now - milliseconds by our clock.
 * @throws LoginError `login_insufficient`
 */
export function refuseRound(login: AnsweredLogin, demands: LoginDemands, now: number): void {
  if (!wasJustAnswered(login, demands, now)) return;
  throw new LoginError('The login that was just asked for this does not prove it.', {
    code: 'login_insufficient',
  });
}

/**
 * Says whether a login was begun to have the person prove who they are, and that since a moment. Only what was asked can
 * tell: providers that pass it over answer alike.
 *
 * @param moment - the moment, and the time now, in milliseconds by our clock.
 */
export function wasPromptedSince(login: AnsweredLogin, moment: { since: number; now: number }): boolean {
  const isPrompted = login.answered?.some(({ prompt }) => prompt === 'login') ?? false;
  // The clock of the process that began it may be behind.
  return isPrompted && (login.loginStartedAt >= moment.since || wasJust(login, moment.now));
}

function wasJustAnswered(login: AnsweredLogin, demands: LoginDemands, now: number): boolean {
  const { answered = [] } = login;
  const isFull = answered.length >= MAX_ANSWERED;
  return wasJust(login, now) && (isFull || answered.some((known) => covers(known, demands)));
}

/**
 * Adds what a login was asked for to what those just before it were: two guards in a row whose demands exclude each
 * other would send the browser to and fro for ever.
 *
 * @param startedAt - when this login began, in milliseconds by our clock.
 * @returns what to keep with the login; `undefined`: nothing was asked.
 */
export function rememberAnswered(
  { maxAgeSeconds, acrValues, prompt }: LoginDemands,
  previous: AnsweredLogin | undefined,
  startedAt: number,
): readonly LoginDemands[] | undefined {
  const before = previous && wasJust(previous, startedAt) ? previous.answered : undefined;
  const asked = { maxAgeSeconds, acrValues, prompt };
  const isNothing = Object.values(asked).every((demand) => demand === undefined);
  if (isNothing || before?.some((known) => covers(known, asked) && covers(asked, known))) return before;
  return [...(before ?? []), asked].slice(-MAX_ANSWERED);
}

/**
 * Whether a login was begun or done only a moment ago. What ends it at once may end the next one as well.
 *
 * Either way: a clock that stepped back must not make a moment of a day. The process that asks may not have seen the end of
 * the login, and its clock be another; but going round it has seen the beginning, and not long ago.
 */
export function wasJust({ loginStartedAt, loggedInAt }: AnsweredLogin, now: number): boolean {
  return [loginStartedAt, loggedInAt].some((time) => Math.abs(now - time) < JUST_MS);
}

/** Whether whoever answers the one answers the other. */
function covers(known: LoginDemands, { maxAgeSeconds, acrValues, prompt }: LoginDemands): boolean {
  const coversAge =
    maxAgeSeconds === undefined || (known.maxAgeSeconds ?? Number.POSITIVE_INFINITY) <= maxAgeSeconds;
  const coversAcr = !acrValues || (known.acrValues?.every((value) => acrValues.includes(value)) ?? false);
  const coversPrompt = prompt === undefined || known.prompt === prompt;
  return coversAge && coversAcr && coversPrompt;
}
