import { isForm, type RecordedRequest } from './emulator-server.ts';
import { invalidRequest, invalidScope } from './refusal.ts';

/** The parameters of one request, each present once and with a value. */
export type Parameters = ReadonlyMap<string, string>;

/**
 * Reads parameters that may each occur once; one without a value counts as omitted.
 * @throws Refusal `invalid_request` for a repeated one.
 * @see RFC 6749 section 3.1
 */
export const readParameters = (pairs: URLSearchParams): Parameters => {
  const parameters = new Map<string, string>();
  for (const name of new Set(pairs.keys())) {
    const [value = '', ...repeated] = pairs.getAll(name);
    if (repeated.length > 0) throw invalidRequest(`${name} is repeated`);
    if (value !== '') parameters.set(name, value);
  }
  return parameters;
};

/**
 * Reads the parameters of a form body.
 * @throws Refusal `invalid_request` for any other type of body.
 */
export const readFormParameters = (request: RecordedRequest): Parameters => {
  if (!isForm(request.headers)) throw invalidRequest('the body must be application/x-www-form-urlencoded');
  return readParameters(request.form);
};

/** @throws Refusal `invalid_request` when it is missing. */
export const requireParameter = (parameters: Parameters, name: string): string => {
  const value = parameters.get(name);
  if (value === undefined) throw invalidRequest(`${name} is missing`);
  return value;
};

export const splitScope = (scope: string | undefined): string[] =>
  (scope ?? '').split(' ').filter((each) => each !== '');

/** @throws Refusal `invalid_scope` when a scope lies outside the allowed ones. */
export const checkScopes = (requested: readonly string[], allowed: readonly string[]): void => {
  const foreign = requested.find((each) => !allowed.includes(each));
  if (foreign !== undefined) throw invalidScope(`scope ${foreign} is not allowed`);
};
