export type { UserClaims } from './claims.ts';
export { type ConnectAuth, connectAuth } from './connect-auth.ts';
export {
  ConfigurationError,
  ConnectAuthError,
  CrossOriginError,
  LoginError,
  type LoginErrorCode,
  LoginRequiredError,
  ProviderError,
  type ProviderErrorCode,
  StoreError,
  type StoreErrorCode,
  TokenError,
  type TokenErrorCode,
} from './errors.ts';
export type { ErrorEvent, LoginEvent, LogoutEvent, LogoutReason } from './events.ts';
export type {
  ConnectAuthOptions,
  LoginParameterOptions,
  NamedProviders,
  ProvidersOfTenant,
  RedisTarget,
  RouteOptions,
  SessionOptions,
} from './options/options.ts';
export type { ConnectisOptions } from './provider/connectis.ts';
export type { DidOptions } from './provider/did.ts';
export type { FewlinesOptions } from './provider/fewlines.ts';
export type { OidcOptions, OidcQuirks } from './provider/oidc.ts';
export { providers } from './provider/presets.ts';
export type { TelenorOptions } from './provider/telenor.ts';
export type {
  ClientAuthentication,
  ProviderDefinition,
  ProviderMetadata,
  ProviderQuirks,
  SigningAlgorithm,
} from './provider-definition.ts';
export type {
  AccessTokenOptions,
  AuthRules,
  LoginParameters,
  LogoutParameters,
  RequestAuth,
  SilentLoginParameters,
  UpgradeAuth,
} from './request-types.ts';
export type { UserName, UserSession } from './session/user-sessions.ts';
export type { StoreHealth } from './store/store.ts';
export type { ConnectAuthSessions, SessionListOptions } from './user/auth-sessions.ts';
export { type RequireAuth, requireAuth } from './user/require-auth.ts';
