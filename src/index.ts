export type {
  AuthMessage,
  ErrorAnswer,
  LoginRequiredAnswer,
  LogoutAnswer,
  ProviderPopupAnswer,
  SessionAnswer,
} from './answer-types.ts';
export { ApplicationError, LoginRefused, type LoginRefusedOptions } from './application-errors.ts';
export type { Check } from './check/check.ts';
export type { CheckOptions } from './check/check-options.ts';
export type { ApplicationCard, CheckReport, Registration } from './check/check-report.ts';
export type { LoginHealth } from './check/login-health.ts';
export type { UserClaims } from './claims.ts';
export { type ConnectAuth, type ConnectAuthHealth, connectAuth } from './connect-auth.ts';
export type { DiagnosticFacts, DiagnosticTraces } from './diagnostics-payloads.ts';
export {
  ConfigurationError,
  ConnectAuthError,
  CrossOriginError,
  LoginError,
  type LoginErrorCode,
  LoginRequiredError,
  ProviderError,
  type ProviderErrorCode,
  type ProviderFault,
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
export type { CloseOptions } from './options/close-options.ts';
export type {
  ConnectAuthOptions,
  LoginParameterOptions,
  MappedLogin,
  NamedProviders,
  ProvidersOfTenant,
  RouteOptions,
  SessionOptions,
} from './options/options.ts';
export type { PageTextChanges, PageTexts, PageWords } from './page-texts.ts';
export type {
  BrandOptions,
  ChoosableProvider,
  ChoosePage,
  ErrorPage,
  PageForm,
  PageFunction,
  PageLink,
  PageOptions,
  PageView,
  ProviderBrand,
  SignedOutPage,
  SignOutPage,
} from './page-types.ts';
export type { ConnectisOptions } from './provider/connectis.ts';
export type { DidOptions } from './provider/did.ts';
export type { FewlinesOptions } from './provider/fewlines.ts';
export type { OAuth2Metadata, OAuth2Options, UserApiOptions } from './provider/oauth2.ts';
export type { OidcOptions, OidcQuirks } from './provider/oidc.ts';
export type { AppleOptions } from './provider/presets/apple.ts';
export type { Auth0Options } from './provider/presets/auth0.ts';
export type { AuthentikOptions } from './provider/presets/authentik.ts';
export type { AzureB2cOptions } from './provider/presets/azure-b2c.ts';
export type { CognitoOptions } from './provider/presets/cognito.ts';
export type { DiscordOptions } from './provider/presets/discord.ts';
export type { EntraOptions } from './provider/presets/entra.ts';
export type { EntraExternalIdOptions } from './provider/presets/entra-external-id.ts';
export type { FranceConnectOptions } from './provider/presets/france-connect.ts';
export type { GithubOptions } from './provider/presets/github.ts';
export type { GitlabOptions } from './provider/presets/gitlab.ts';
export type { GoogleOptions } from './provider/presets/google.ts';
export type { KeycloakOptions } from './provider/presets/keycloak.ts';
export type { LinkedinOptions } from './provider/presets/linkedin.ts';
export type { LoginGovOptions } from './provider/presets/login-gov.ts';
export type { OktaOptions } from './provider/presets/okta.ts';
export type { ProConnectOptions } from './provider/presets/pro-connect.ts';
export type { SalesforceOptions } from './provider/presets/salesforce.ts';
export type { SlackOptions } from './provider/presets/slack.ts';
export type { ZitadelOptions } from './provider/presets/zitadel.ts';
export { providers } from './provider/presets.ts';
export type { EncryptionOptions } from './provider/protected-options.ts';
export type { TelenorOptions } from './provider/telenor.ts';
export type {
  AnswerEncryption,
  AnswerProtection,
  AuthorizationDetail,
  ClientAuthentication,
  ClientKeyInput,
  ContentEncryption,
  DecryptionKey,
  DecryptionKeyInput,
  GivenSecret,
  KeyManagement,
  PrivateJwk,
  ProviderDefinition,
  ProviderMetadata,
  ProviderQuirks,
  PublicAlgorithm,
  PublicEncryptionKey,
  PublicKeyAlgorithm,
  ResponseMode,
  SecretFunction,
  SecurityProfile,
  SigningAlgorithm,
} from './provider-definition.ts';
export type { IoredisClient, NodeRedisClient, RedisTarget } from './redis-clients.ts';
export type {
  AccessTokenOptions,
  ApiRequestInit,
  LoginCapabilities,
  LoginParameters,
  LogoutParameters,
  RequestAuth,
  SilentLoginParameters,
  TokenExchangeOptions,
  UpgradeAuth,
} from './request-types.ts';
export type { UserName, UserSession } from './session/user-sessions.ts';
export { type StepUpLogin, StepUpRequiredError } from './step-up-errors.ts';
export type { StoreHealth } from './store/store.ts';
export type { ConnectAuthSessions, SessionListOptions } from './user/auth-sessions.ts';
export { keepForm } from './user/keep-form.ts';
export { loginOnError } from './user/login-on-error.ts';
export { type RequireAuth, requireAuth } from './user/require-auth.ts';
export { keycloakRoles } from './user/roles.ts';
