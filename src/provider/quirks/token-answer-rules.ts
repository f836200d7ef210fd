import type { ProviderQuirks } from '../../provider-definition.ts';
import { isSuccess, type WholeAnswer, withJson } from '../whole-answer.ts';

/** A token endpoint's answer as an object of its own, which a rule may change. */
type AnswerObject = Record<string, unknown>;

/** Takes what a successful answer holds: its ID token, whatever stands there, apart from the rest. */
export type KeepAnswer = (answer: Readonly<AnswerObject>, idToken: unknown) => void;

/** No `token_type` means Bearer. A wrong one still fails. */
function addTokenType(answer: AnswerObject): void {
  if (answer.token_type === undefined) answer.token_type = 'Bearer';
}

/** `expires_in` is optional and often odd: less than nothing means ended already, nonsense means unknown. */
function tidyExpiresIn(answer: AnswerObject): void {
  const { expires_in: given } = answer;
  const number = typeof given === 'string' && given.trim() !== '' ? Number(given) : given;
  if (typeof number === 'number' && Number.isFinite(number)) answer.expires_in = Math.max(number, 0);
  else delete answer.expires_in;
}

/** `expires_in` in milliseconds. Never guessed by its size. */
function divideExpiresIn(answer: AnswerObject): void {
  if (typeof answer.expires_in === 'number') answer.expires_in = Math.floor(answer.expires_in / 1000);
}

/** `{"error": {"code", "title", "detail"}}` becomes the OAuth form. */
function flattenError(answer: AnswerObject): void {
  const { error } = answer;
  if (typeof error !== 'object' || error === null) return;
  const { code, title, detail } = error as { code?: unknown; title?: unknown; detail?: unknown };
  answer.error = typeof code === 'string' && code !== '' ? code : 'server_error';
  const texts = [title, detail].filter((text) => typeof text === 'string');
  if (texts.length > 0) answer.error_description = texts.join(': ');
}

/** `null` where a member is absent: an error to the library, and what some servers write. */
function dropNulls(answer: AnswerObject): void {
  for (const name of ['access_token', 'refresh_token', 'scope', 'id_token']) {
    if (answer[name] === null) delete answer[name];
  }
}

/** Scopes between commas become scopes between spaces. */
function splitScope(answer: AnswerObject): void {
  if (typeof answer.scope === 'string') answer.scope = answer.scope.split(',').join(' ');
}

/** Some servers answer 200 whatever happened, and say in the body that they refuse. */
function isRefusal({ error, access_token: accessToken, id_token: idToken }: AnswerObject): boolean {
  const bringsTokens = [accessToken, idToken].some((token) => (token ?? undefined) !== undefined);
  return typeof error === 'string' && error !== '' && !bringsTokens;
}

type Rules = Pick<
  Required<ProviderQuirks>,
  'tokenType' | 'expiresInUnit' | 'errorFormat' | 'errorStatus' | 'scopeSeparator'
>;

/**
 * Rewrites a token endpoint's answer by the rules that are on. A failure never becomes a success, and no token is
 * ever invented. Of what is kept the library, whose rules are not all ours, learns only that it came.
 */
export function rewriteTokenAnswer(given: WholeAnswer, rules: Rules, keep?: KeepAnswer): WholeAnswer {
  const answer = parseObject(given.text);
  if (!answer) return given;
  const isRefused = isSuccess(given) && rules.errorStatus === 'any' && isRefusal(answer);
  const status = isRefused ? 400 : given.status;
  if (isSuccess(given) && !isRefused) {
    dropNulls(answer);
    tidyExpiresIn(answer);
    if (rules.tokenType === 'optional') addTokenType(answer);
    if (rules.expiresInUnit === 'ms') divideExpiresIn(answer);
    if (rules.scopeSeparator === ',') splitScope(answer);
    const { id_token: idToken, ...rest } = answer;
    if (keep && status === 200) {
      keep(rest, idToken);
      return withJson(given, KEPT);
    }
  } else if (rules.errorFormat === 'object') {
    flattenError(answer);
  }
  const rewritten = withJson({ ...given, status }, answer);
  // With a challenge the library reports that and hides the error in the body, which says more.
  if (answer.error !== undefined) rewritten.headers.delete('www-authenticate');
  return rewritten;
}

const KEPT = { access_token: 'kept by us', token_type: 'bearer' };

function parseObject(text: string): AnswerObject | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as AnswerObject)
      : undefined;
  } catch {
    return undefined;
  }
}
