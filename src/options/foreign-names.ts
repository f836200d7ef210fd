import type { Elsewhere } from './option-table.ts';

const inProvider = (option: string) =>
  `What concerns the provider goes into provider: providers.oidc({ ${option} }).`;
const REDIRECT_URI =
  'What concerns the provider goes into provider: providers.oidc({ … }); the redirect URI follows from baseUrl and routes.callback.';
const inSession = (option: string) => `It is called session.${option} here.`;
const GUARD = 'Guard each route that needs a login: app.get("/me", requireAuth, …).';
const IN_THE_SERVER =
  'Nothing is to be set for that: tokens stay on the server, in the sealed part of the session.';
const ENDPOINTS =
  'Endpoints are discovered from the issuer; else they go into provider: providers.oidc({ metadata: { … } }).';
const NETWORK = 'Use fetch: a function that calls your own, with its agent, dispatcher or headers.';
const SESSION_IS_OURS =
  'Nothing is to be set for that: req.session is written when it has changed, and not before.';

/**
 * Names that express-openid-connect, passport-openidconnect, Auth.js, keycloak-connect and express-session have at the
 * top of their options and `connectAuth()` has not.
 */
export const FOREIGN_OPTIONS: Elsewhere = {
  acrValues: 'Ask for it where it is needed: requireAuth({ acrValues }), or req.auth.login({ acrValues }).',
  adapter: 'Sessions live in Redis, given by redis; accounts are looked up by mapUser.',
  afterCallback: 'Use onLogin, or mapUser for what req.user shall be.',
  appSession: 'Use session.',
  attemptSilentLogin: 'Call req.auth.login({ prompt: "none" }) where it is wanted.',
  audience: inProvider('authorizationParams: { audience }'),
  auth0Logout: 'A logout always ends the session at the provider too, where the provider has that.',
  authRequired: GUARD,
  authorizationParams: inProvider('authorizationParams'),
  authorizationURL: ENDPOINTS,
  'auth-server-url': inProvider('issuer'),
  backchannelLogout: 'It is on, at routes.backchannelLogout; false there switches it off.',
  'bearer-only': GUARD,
  callbackURL: REDIRECT_URI,
  callbacks: 'Use mapUser, onLogin and onLogout.',
  clientAssertionSigningAlg: inProvider('clientKeyAlgorithm'),
  clientAssertionSigningKey: inProvider('clientKey'),
  clientAuthMethod: inProvider('clientAuthentication'),
  clientAuthentication: inProvider('clientAuthentication'),
  clientID: inProvider('clientId'),
  clientId: inProvider('clientId'),
  clientKey: inProvider('clientKey'),
  clientKeyId: inProvider('clientKeyId'),
  client_id: inProvider('clientId'),
  clientSecret: inProvider('clientSecret'),
  client_secret: inProvider('clientSecret'),
  clockTolerance: inProvider('clockToleranceSeconds'),
  clockToleranceSeconds: inProvider('clockToleranceSeconds'),
  cookie:
    'Use session: { cookieName, cookiePath, persistent }; HttpOnly, Secure and SameSite are always right.',
  cookies: 'Use session: { cookieName, cookiePath, persistent }.',
  credentials: inProvider('clientSecret'),
  errorOnRequiredAuth: 'requireAuth answers 401 to whatever is no page, without being told.',
  events: 'Use onLogin and onLogout.',
  genid: 'Session ids are always made here, of 256 random bits.',
  getLoginState: 'A login carries the address to return to, and nothing else: req.auth.login({ returnTo }).',
  httpTimeout: inProvider('timeoutMs'),
  identityClaimFilter: 'Claims of the protocol are left out always; mapUser picks what req.user has.',
  idpLogout: 'A logout always ends the session at the provider too, where the provider has that.',
  idTokenSigningAlg: inProvider('idTokenSigningAlgorithm'),
  idTokenSigningAlgorithm: inProvider('idTokenSigningAlgorithm'),
  issuer: inProvider('issuer'),
  issuerBaseURL: inProvider('issuer'),
  jwt: IN_THE_SERVER,
  legacySameSiteCookie: 'Nothing is to be set for that: no browser of today needs it.',
  logoutParams:
    'A logout returns to routes.afterLogout, or to req.auth.logout({ returnTo }); what else the provider takes goes into provider: providers.oidc({ logoutParams }).',
  maxAge: 'Use session.absoluteTimeoutSeconds and session.idleTimeoutSeconds, in seconds.',
  name: inSession('cookieName'),
  passReqToCallback: 'Use onLogin, which is told req.',
  proxy: 'No proxy needs to be trusted: everything follows from baseUrl.',
  'public-client': 'A client without clientSecret is public: provider: providers.oidc({ clientId }).',
  realm: inProvider('issuer'),
  redirect_uri: REDIRECT_URI,
  redirectUri: REDIRECT_URI,
  resave: SESSION_IS_OURS,
  resource: inProvider('clientId'),
  responseMode: inProvider('responseMode'),
  rolling: 'Every request renews a session, until session.idleTimeoutSeconds have passed without one.',
  saveUninitialized: SESSION_IS_OURS,
  scope: inProvider('scope'),
  sessionStore: 'Redis is given by redis.',
  skipUserProfile: inProvider('userinfoAtLogin'),
  'ssl-required': 'It follows from baseUrl, which is https but on localhost.',
  store: 'Redis is given by redis.',
  strategy: 'Sessions live in Redis, given by redis.',
  tokenURL: ENDPOINTS,
  transactionCookie: 'The cookies of a login under way are named after session.cookieName.',
  trustHost: 'No proxy needs to be trusted: everything follows from baseUrl.',
  unset: 'Call req.session.destroy() or req.auth.logout().',
  useSecureCookies: 'Cookies are Secure wherever baseUrl is https.',
  userInfoURL: ENDPOINTS,
  verify: 'Use mapUser, which gets the claims and may refuse.',
  agent: NETWORK,
  allowDangerousEmailAccountLinking: 'Nobody is linked by an email address: a person is an issuer and a sub.',
  basePath: 'The path of baseUrl is the base path: baseUrl: "https://app.example.com/shop".',
  'confidential-port': 'It follows from baseUrl.',
  customFetch: NETWORK,
  customHeaders: NETWORK,
  debug: 'Use onError, onLogin and onLogout.',
  discoveryCacheMaxAge: 'Nothing is to be set for that: discovery is kept, and renewed by itself.',
  display: 'Ask for it where it is wanted: req.auth.login({ display: "popup" }).',
  'enable-cors': 'Use corsOrigins for the origins whose pages may send requests and read the answers.',
  enableTelemetry: 'There is no telemetry.',
  httpAgent: NETWORK,
  httpUserAgent: NETWORK,
  idpHint: inProvider('authorizationParams: { kc_idp_hint }'),
  idTokenHint: 'Nothing is to be set for that: a logout sends the hint by itself.',
  'min-time-between-jwks-requests': 'Nothing is to be set for that: keys are fetched anew with a cool-down.',
  nonce: 'Nothing is to be set for that: state, nonce and PKCE are always used.',
  pkce: 'Nothing is to be set for that: state, nonce and PKCE are always used.',
  pushedAuthorizationRequests: 'What concerns the provider goes into provider: providers.oidc({ … }).',
  'realm-public-key': ENDPOINTS,
  redirectProxyUrl:
    'List every base URL: baseUrl: ["https://app.example.com", "https://preview.example.com"].',
  rollingDuration: 'Use session.idleTimeoutSeconds.',
  sessionKey: inSession('cookieName'),
  skipCSRFCheck: 'Origins are checked always; list those you trust in trustedOrigins.',
  theme: 'Use pages: { brand: { name, logo, accent } }.',
  tokenEndpointParams: 'What concerns the provider goes into provider: providers.oidc({ … }).',
  'use-resource-role-mappings': 'Pick what req.user has by mapUser.',
  'verify-token-audience': 'Nothing is to be set for that: audiences are checked always.',
};

/** The same of `session`. */
export const FOREIGN_SESSION_OPTIONS: Elsewhere = {
  cookie: 'Use cookieName, cookiePath and persistent; HttpOnly, Secure and SameSite are always right.',
  genid: 'Session ids are always made here, of 256 random bits.',
  generateSessionToken: 'Session ids are always made here, of 256 random bits.',
  maxAge: 'Use absoluteTimeoutSeconds and idleTimeoutSeconds, in seconds.',
  proxy: 'No proxy needs to be trusted: everything follows from baseUrl.',
  requireSignedSessionStoreCookie: 'The cookie is signed always.',
  resave: SESSION_IS_OURS,
  rolling: 'Every request renews a session, until idleTimeoutSeconds have passed without one.',
  sameSite: 'The cookie is SameSite=Lax always.',
  saveUninitialized: SESSION_IS_OURS,
  secret: 'It stands beside session: connectAuth({ secret }).',
  secure: 'The cookie is Secure wherever baseUrl is https.',
  store: 'Redis is given beside session: connectAuth({ redis }).',
  strategy: 'Sessions live in Redis: connectAuth({ redis }).',
  unset: 'Call req.session.destroy() or req.auth.logout().',
  updateAge: 'The last request is written once a minute at most, without being told.',
  domain: 'The cookie belongs to the host of baseUrl alone.',
  httpOnly: 'The cookie is HttpOnly always.',
  signSessionStoreCookie: 'The cookie is signed always.',
  transient: 'Use persistent: false, which is the default.',
};

/** The same of `pages`, which are paths there. */
export const FOREIGN_PAGES: Elsewhere = {
  newUser: 'Use onLogin, which is told returnTo.',
  signIn:
    'Paths go into routes: { login }. pages.choose makes the page that asks for one of several providers.',
  verifyRequest: 'There is no such page here.',
};

/** The same of `routes`. */
export const FOREIGN_ROUTES: Elsewhere = {
  error: 'Use pages.error for the page of a fault, and onError to be told.',
  newUser: 'Use onLogin.',
  signOut: 'It is called logout here.',
  verifyRequest: 'Use onError, which may answer the request itself.',
};

/** The same of the presets, whose options those libraries have at the top. */
export const FOREIGN_PROVIDER_OPTIONS: Elsewhere = {
  acrValues: 'Ask for it where it is needed: requireAuth({ acrValues }), or req.auth.login({ acrValues }).',
  authorizationURL: 'Use metadata: { authorization_endpoint, … }, or leave it out: endpoints are discovered.',
  audience: 'Use authorizationParams: { audience }.',
  callbackURL: 'The redirect URI follows from baseUrl and routes.callback of connectAuth().',
  redirectUri: 'The redirect URI follows from baseUrl and routes.callback of connectAuth().',
  redirect_uri: 'The redirect URI follows from baseUrl and routes.callback of connectAuth().',
  tokenURL: 'Use metadata: { token_endpoint, … }, or leave it out: endpoints are discovered.',
  userInfoURL: 'Use metadata: { userinfo_endpoint, … }, or leave it out: endpoints are discovered.',
  maxAge:
    'Ask for it where it is needed: requireAuth({ maxAgeSeconds }), or req.auth.login({ maxAgeSeconds }).',
};
