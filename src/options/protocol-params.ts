import { ConfigurationError } from '../errors.ts';
import type { AuthorizationDetail } from '../provider-definition.ts';
import { checkObject, checkString, checkStringRecord, checkStrings, refuse } from './option-checks.ts';

/** Parameters that carry the protocol: nothing but the login itself sets them. */
const LOGIN_PARAMS = new Set([
  'client_id',
  'redirect_uri',
  'response_type',
  'response_mode',
  'scope',
  'state',
  'nonce',
  'code_challenge',
  'code_challenge_method',
  'id_token_hint',
  'request',
  'request_uri',
]);

/** The same of a logout. */
const LOGOUT_PARAMS = new Set(['id_token_hint', 'client_id', 'post_logout_redirect_uri', 'state']);

/** Parameters of one login that have a name of their own here: what is asked by it is checked at the callback too. */
const NAMED_HERE: Readonly<Record<string, string>> = {
  prompt: 'prompt',
  max_age: 'maxAgeSeconds',
  acr_values: 'acrValues',
  login_hint: 'loginHint',
  ui_locales: 'uiLocales',
  authorization_details: 'authorizationDetails',
};

/** What the query of `/login` means by itself. */
const LOGIN_QUERY = new Set(['returnTo', 'provider', 'display']);

/** Parameters of a provider's every login. */
export function checkAuthorizationParams(where: string, value: unknown): Readonly<Record<string, string>> {
  const params = checkStringRecord(where, value);
  for (const name of Object.keys(params)) refuseReserved(where, name, LOGIN_PARAMS, 'login');
  // What is asked for here is checked at each login: an age that is none would be met by every login.
  if (params.max_age !== undefined && !/^\d{1,9}$/.test(params.max_age))
    throw new ConfigurationError(`${where}.max_age must be a whole number of seconds.`);
  return params;
}

/** Parameters of one login. Those that are `undefined` are left out: handlers pass on what a query may bring. */
export function checkLoginParams(where: string, value: unknown): Readonly<Record<string, string>> {
  checkObject(where, value);
  for (const name of Object.keys(value)) refuseOwn(where, name);
  return checkStringRecord(where, dropUndefined(value));
}

/** Names of parameters that the query of `/login` may bring. */
export function checkLoginParamNames(where: string, value: unknown): readonly string[] {
  const names = checkStrings(where, value);
  names.forEach((name, index) => {
    refuseOwn(where, name);
    if (LOGIN_QUERY.has(name))
      throw new ConfigurationError(`${where}[${index}] must not be "${name}", which the query has already.`);
  });
  return names;
}

/**
 * What a login asks to be allowed: objects that JSON can hold, each with its type.
 *
 * @see [RFC 9396, section 2](https://www.rfc-editor.org/rfc/rfc9396#section-2)
 */
export function checkAuthorizationDetails(where: string, value: unknown): readonly AuthorizationDetail[] {
  if (!Array.isArray(value) || value.length === 0)
    refuse(where, 'a list of objects, each with a type', value);
  value.forEach((detail: unknown, index) => {
    checkObject(`${where}[${index}]`, detail);
    checkString(`${where}[${index}].type`, (detail as { type?: unknown }).type);
  });
  try {
    // A copy: what the application does with its own objects later is no part of the request.
    return Object.freeze(JSON.parse(JSON.stringify(value)));
  } catch {
    throw new ConfigurationError(`${where} must hold what JSON can: no circles, and no BigInt.`);
  }
}

/** Parameters of a logout. They may be empty: some providers want the bare name. `undefined` is left out. */
export function checkLogoutParams(where: string, value: unknown): Readonly<Record<string, string>> {
  checkObject(where, value);
  const entries = Object.entries(dropUndefined(value)).map(([name, item]): [string, string] => {
    refuseReserved(where, name, LOGOUT_PARAMS, 'logout');
    if (typeof item !== 'string') refuse(`${where}.${name}`, 'a string', item);
    return [name, item];
  });
  return Object.freeze(Object.fromEntries(entries));
}

/** Parameters of a logout, each with the name of the claim that its value is. */
export function checkLogoutClaims(where: string, value: unknown): Readonly<Record<string, string>> {
  const claims = checkStringRecord(where, value);
  for (const name of Object.keys(claims)) refuseReserved(where, name, LOGOUT_PARAMS, 'logout');
  return claims;
}

function dropUndefined(value: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value).filter(([, item]) => item !== undefined));
}

function refuseReserved(where: string, name: string, reserved: ReadonlySet<string>, flow: string): void {
  if (reserved.has(name)) throw new ConfigurationError(`${where} must not set "${name}"; the ${flow} does.`);
}

function refuseOwn(where: string, name: string): void {
  refuseReserved(where, name, LOGIN_PARAMS, 'login');
  const own = Object.hasOwn(NAMED_HERE, name) ? NAMED_HERE[name] : undefined;
  if (own) throw new ConfigurationError(`${where} must not set "${name}": it is called ${own} here.`);
}
