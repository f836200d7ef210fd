export { ApplicationError, LoginRefused, type LoginRefusedOptions } from './application-errors.ts';
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
export type { ErrorEvent, LoginEvent, LoginFacts, LogoutEvent, LogoutReason } from './events.ts';
export {
  AccessDeniedError,
  BearerError,
  type BearerErrorCode,
  type MissingRights,
} from './guard-errors.ts';
export type {
  AuthRules,
  BearerRules,
  BearerUser,
  ClaimCheck,
  ClaimRules,
  ClaimValue,
  RolesFrom,
  RolesReader,
  RolesSource,
} from './guard-types.ts';
export type {
  ConnectAuthOptions,
  LoginParameterOptions,
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
  LoginParameters,
  LogoutParameters,
  RequestAuth,
  UpgradeAuth,
} from './request-types.ts';
export type { UserName, UserSession } from './session/user-sessions.ts';
export type { StoreHealth } from './store/store.ts';
export type { ConnectAuthSessions, SessionListOptions } from './user/auth-sessions.ts';
export { type RequireAuth, requireAuth } from './user/require-auth.ts';
export { keycloakRoles } from './user/roles.ts';
