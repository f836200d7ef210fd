import type { ProviderQuirks } from '../../provider-definition.ts';

/** A token endpoint's answer as an object of its own, which a rule may change. */
export type TokenAnswer = Record<string, unknown>;

/** Where a set-aside `id_token` waits until it is verified by hand. */
export const SET_ASIDE_ID_TOKEN = 'set_aside_id_token';

/** Q1: no `token_type` means Bearer. A wrong one still fails. */
export function addTokenType(answer: TokenAnswer): void {
  if (answer.token_type === undefined) answer.token_type = 'Bearer';
}

/** `expires_in` is optional and often odd: less than nothing means ended already, nonsense means unknown. */
export function tidyExpiresIn(answer: TokenAnswer): void {
  const { expires_in: given } = answer;
  const number = typeof given === 'string' && given.trim() !== '' ? Number(given) : given;
  if (typeof number === 'number' && Number.isFinite(number)) answer.expires_in = Math.max(number, 0);
  else delete answer.expires_in;
}

/** Q5: `expires_in` in milliseconds. Never guessed by its size. */
export function divideExpiresIn(answer: TokenAnswer): void {
  if (typeof answer.expires_in === 'number') answer.expires_in = Math.floor(answer.expires_in / 1000);
}

/** Q7: an `id_token` for another audience than the client id would be refused by the library: we verify it ourselves. */
export function setAsideIdToken(answer: TokenAnswer): void {
  if (answer.id_token === undefined) return;
  answer[SET_ASIDE_ID_TOKEN] = answer.id_token;
  delete answer.id_token;
}

/** Q14: `{"error": {"code", "title", "detail"}}` becomes the OAuth form. */
export function flattenError(answer: TokenAnswer): void {
  const { error } = answer;
  if (typeof error !== 'object' || error === null) return;
  const { code, title, detail } = error as { code?: unknown; title?: unknown; detail?: unknown };
  answer.error = typeof code === 'string' && code !== '' ? code : 'server_error';
  const texts = [title, detail].filter((text) => typeof text === 'string');
  if (texts.length > 0) answer.error_description = texts.join(': ');
}

/** `null` where a member is absent: an error to the library, and what some servers write. */
export function dropNulls(answer: TokenAnswer): void {
  for (const name of ['refresh_token', 'scope', 'id_token']) {
    if (answer[name] === null) delete answer[name];
  }
}

type Rules = Pick<Required<ProviderQuirks>, 'tokenType' | 'expiresInUnit' | 'errorFormat'> & {
  readonly idToken: 'verify' | 'set_aside';
};

/**
 * Rewrites a token endpoint's answer by the rules that are on. A failure never becomes a success, and no token is
 * ever invented.
 */
export async function rewriteTokenAnswer(response: Response, rules: Rules): Promise<Response> {
  const headers = new Headers(response.headers);
  const text = await response.text();
  const answer = parseObject(text);
  // Q15: with a challenge the library reports that and hides the error in the body, which says more.
  if (answer?.error !== undefined) headers.delete('www-authenticate');
  if (!answer) return withUrl(new Response(text, { status: response.status, headers }), response.url);
  if (response.ok) {
    dropNulls(answer);
    tidyExpiresIn(answer);
    if (rules.tokenType === 'optional') addTokenType(answer);
    if (rules.expiresInUnit === 'ms') divideExpiresIn(answer);
    if (rules.idToken === 'set_aside') setAsideIdToken(answer);
  } else if (rules.errorFormat === 'object') {
    flattenError(answer);
  }
  headers.set('content-type', 'application/json');
  return withUrl(new Response(JSON.stringify(answer), { status: response.status, headers }), response.url);
}

function parseObject(text: string): TokenAnswer | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as TokenAnswer)
      : undefined;
  } catch {
    return undefined;
  }
}

function withUrl(response: Response, url: string): Response {
  return Object.defineProperty(response, 'url', { value: url });
}
