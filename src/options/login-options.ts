import type {
  AccessTokenOptions,
  LoginParameters,
  LoginRules,
  LogoutParameters,
  SilentLoginParameters,
  TokenExchangeOptions,
} from '../request-types.ts';
import { checkString, checkStrings, numberFrom, oneOf, refuse, wholeNumberFrom } from './option-checks.ts';
import { optional, type Resolved, type Table, withDefault } from './option-table.ts';
import { checkAuthorizationDetails, checkLoginParams, checkLogoutParams } from './protocol-params.ts';
import { checkResource } from './resource-check.ts';

/** One class or several, as a list. The provider is told them with spaces between, so that none can have any. */
function checkClasses(where: string, value: unknown): readonly string[] {
  if (typeof value === 'string') return [checkClass(where, value)];
  if (!Array.isArray(value) || value.length === 0) refuse(where, 'a string, or an array of some', value);
  return checkStrings(where, value).map((item, index) => checkClass(`${where}[${index}]`, item));
}

function checkClass(where: string, value: unknown): string {
  const text = checkString(where, value);
  return /\s/.test(text)
    ? refuse(where, 'one class, without white space; several are an array', value)
    : text;
}

/** It may be empty, as in a query: whether there is such a provider, say, is judged where it is used. */
function checkText(where: string, value: unknown): string {
  return typeof value === 'string' ? value : refuse(where, 'a string', value);
}

/**
 * Handlers pass on what a query brings. What is no address leads to the default page, as everywhere; not back to the page
 * that asked, which would ask again.
 */
function takeAddress(_where: string, value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** What guards and logins may ask of a login's freshness and strength. */
export const LOGIN_RULES = {
  maxAgeSeconds: optional(wholeNumberFrom(1, 31_536_000), {
    defaultIs: 'any age',
    aliases: ['maxAge', 'max_age'],
  }),
  acrValues: optional(checkClasses, { defaultIs: 'any class', aliases: ['acr', 'acr_values'] }),
} satisfies Table<LoginRules>;

/** The parameters of `req.auth.login()`: what a guard may ask for, it may ask for, by the same names and bounds. */
export const LOGIN_PARAMETERS = {
  returnTo: optional(takeAddress, {
    defaultIs: 'the page of this request, else `routes.home`',
    aliases: ['successRedirect'],
  }),
  provider: optional(checkText, {
    defaultIs: 'the only one; of several the person chooses',
    aliases: ['connection', 'idpHint'],
  }),
  prompt: optional(checkText, { defaultIs: 'none' }),
  ...LOGIN_RULES,
  loginHint: optional(checkText, { defaultIs: 'none', aliases: ['login_hint'] }),
  uiLocales: optional(checkText, { defaultIs: 'none', aliases: ['ui_locales', 'locale'] }),
  authorizationDetails: optional(checkAuthorizationDetails, {
    defaultIs: "those of the provider's options",
    aliases: ['authorization_details'],
  }),
  authorizationParams: withDefault(checkLoginParams, {}, { aliases: ['extraParams', 'params'] }),
  display: withDefault(oneOf('page', 'popup'), 'page'),
} satisfies Table<LoginParameters>;

/** Parameters of a login after their check. */
export type ResolvedLoginParameters = Partial<Resolved<typeof LOGIN_PARAMETERS>>;

/** The parameters of `req.auth.trySilentLogin()`. */
export const SILENT_LOGIN_PARAMETERS = {
  returnTo: LOGIN_PARAMETERS.returnTo,
  provider: optional(checkText, { defaultIs: 'the only one; of several one must be named' }),
  everySeconds: withDefault(wholeNumberFrom(5, 31_536_000), 600, { aliases: ['interval'] }),
} satisfies Table<SilentLoginParameters>;

/** The same after their check. */
export type SilentLoginOptions = Partial<Resolved<typeof SILENT_LOGIN_PARAMETERS>> & {
  readonly everySeconds: number;
};

/** The parameters of `req.auth.logout()`. */
export const LOGOUT_PARAMETERS = {
  returnTo: optional(takeAddress, {
    defaultIs: '`routes.afterLogout`',
    aliases: ['callbackUrl', 'redirectUri'],
  }),
  logoutParams: withDefault(checkLogoutParams, {}, { aliases: ['params'] }),
} satisfies Table<LogoutParameters>;

/** Parameters of a logout after their check. */
export type ResolvedLogoutParameters = Partial<Resolved<typeof LOGOUT_PARAMETERS>>;

/** The options of `req.auth.getAccessToken()`. */
export const ACCESS_TOKEN_OPTIONS = {
  minValiditySeconds: withDefault(numberFrom(0, 86_400), 30),
  resource: optional(checkResource, { defaultIs: "the login's own", aliases: ['audience'] }),
} satisfies Table<AccessTokenOptions>;

/** What a token is exchanged for. */
export const TOKEN_EXCHANGE_OPTIONS = {
  audience: optional(checkString, { defaultIs: 'none', aliases: ['aud'] }),
  resource: optional(checkResource, { defaultIs: 'none' }),
  scope: optional(checkString, { defaultIs: 'as the provider decides', aliases: ['scopes'] }),
} satisfies Table<TokenExchangeOptions>;
