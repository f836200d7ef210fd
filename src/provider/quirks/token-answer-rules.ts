import type { ProviderQuirks } from '../../provider-definition.ts';

/** A token endpoint's answer as an object of its own, which a rule may change. */
type AnswerObject = Record<string, unknown>;

/** Takes the ID token of an answer, whatever stands there; not called where there is none. */
export type KeepIdToken = (idToken: unknown) => void;

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

/** The library would judge the ID token by rules that are not all ours: it does not see it. */
function takeIdToken(answer: AnswerObject, keep: KeepIdToken): void {
  const { id_token: idToken } = answer;
  delete answer.id_token;
  if (idToken !== undefined) keep(idToken);
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
 * ever invented.
 */
export async function rewriteTokenAnswer(
  response: Response,
  rules: Rules,
  keepIdToken: KeepIdToken = () => undefined,
): Promise<Response> {
  const headers = new Headers(response.headers);
  const text = await response.text();
  const answer = parseObject(text);
  // With a challenge the library reports that and hides the error in the body, which says more.
  if (answer?.error !== undefined) headers.delete('www-authenticate');
  if (!answer) return withUrl(new Response(text, { status: response.status, headers }), response.url);
  const isRefused = response.ok && rules.errorStatus === 'any' && isRefusal(answer);
  const status = isRefused ? 400 : response.status;
  if (response.ok && !isRefused) {
    dropNulls(answer);
    tidyExpiresIn(answer);
    if (rules.tokenType === 'optional') addTokenType(answer);
    if (rules.expiresInUnit === 'ms') divideExpiresIn(answer);
    if (rules.scopeSeparator === ',') splitScope(answer);
    takeIdToken(answer, keepIdToken);
  } else if (rules.errorFormat === 'object') {
    flattenError(answer);
  }
  headers.set('content-type', 'application/json');
  return withUrl(new Response(JSON.stringify(answer), { status, headers }), response.url);
}

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

function withUrl(response: Response, url: string): Response {
  return Object.defineProperty(response, 'url', { value: url });
}
