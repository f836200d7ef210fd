// A real OpenID provider on this machine, for the example and for the tests. Everybody may sign in as anybody:
// never put it where others can reach it.
import { generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import escapeHtml from 'escape-html';
import type { ClientMetadata, Configuration, Provider } from 'oidc-provider';
import { renderLogin, renderPage } from './provider-pages.ts';

// Its warnings are meant for those who run it for real. The first comes while it is imported, hence not above.
const { warn } = console;
console.warn = (...args: unknown[]) => {
  if (!String(args[0]).includes('oidc-provider WARNING')) warn(...args);
};
const { Provider: OidcProvider, interactionPolicy } = await import('oidc-provider');

/** Somebody who can sign in. Any further claim may be added. */
export interface Person {
  sub: string;
  name: string;
  given_name?: string;
  family_name?: string;
  email?: string;
  email_verified?: boolean;
  phone_number?: string;
  [claim: string]: unknown;
}

export type People = Readonly<Record<string, Person>>;

/** The people on the login page, by the word that its form sends. */
export const defaultPeople = {
  ada: createPerson('Ada', 'Lovelace', '+44 20 7946 0815'),
  grace: createPerson('Grace', 'Hopper', '+1 202 555 0109'),
  alan: createPerson('Alan', 'Turing', '+44 20 7946 0623'),
};

export interface ProviderOptions {
  /** The applications that may ask for a login. */
  clients: ClientMetadata[];
  /** @default 'localhost' */
  host?: 'localhost' | '127.0.0.1';
  /** @default 0, any free port */
  port?: number;
  /** Life of an access token. @default 3600 */
  accessTokenSeconds?: number;
  /** Life of a refresh token; each use replaces it. @default 86400 */
  refreshTokenSeconds?: number;
  /** @default Ada Lovelace, Grace Hopper and Alan Turing */
  people?: People;
  /** Where it keeps sessions and tokens. @default memory, at most a thousand things */
  adapter?: Configuration['adapter'];
  /** Signs its tokens. @default a new RSA key */
  signingKey?: KeyObject;
  /** Changes of its own configuration, for a provider that is unlike this one. */
  configuration?: Partial<Configuration>;
  /** Sees each request before the provider does. */
  middleware?: Parameters<Provider['use']>[0];
}

export interface RunningProvider {
  readonly issuer: string;
  readonly port: number;
  /** The provider itself, for its events. */
  readonly provider: Provider;
  readonly server: Server;
  close(): Promise<void>;
}

/** Starts the provider. What it knows (keys, sessions, tokens) lives in memory and ends with it. */
export async function startProvider(options: ProviderOptions): Promise<RunningProvider> {
  const { host = 'localhost', people = defaultPeople } = options;
  const server = createServer();
  server.listen(options.port ?? 0, host);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;

  const issuer = `http://${host}:${port}`;
  const own = buildConfiguration(options, people);
  const features = { ...own.features, ...options.configuration?.features };
  const configuration = { ...own, ...options.configuration, features };
  const provider = new OidcProvider(issuer, configuration);
  if (options.middleware) provider.use(options.middleware);
  const handle = provider.callback();
  server.on('request', (req, res) => {
    if (!req.url?.startsWith('/interaction/')) return void handle(req, res);
    interact(provider, people, req, res).catch((error: Error) =>
      sendPage(res, 400, 'Sorry', escapeHtml(error.message)),
    );
  });

  const close = async () => {
    if (!server.listening) return;
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await closed;
  };
  return { issuer, port, provider, server, close };
}

function buildConfiguration(options: ProviderOptions, people: People): Configuration {
  return {
    clients: options.clients,
    clientDefaults: { grant_types: ['authorization_code', 'refresh_token'] },
    adapter: options.adapter,
    jwks: { keys: [(options.signingKey ?? createSigningKey()).export({ format: 'jwk' })] },
    // Cookies ignore ports: on localhost the application sees these, too, and must not have the same names.
    cookies: {
      keys: [randomBytes(32).toString('base64url')],
      names: { session: 'op_session', interaction: 'op_interaction', resume: 'op_resume' },
    },
    acrValues: ['2'],
    interactions: { policy: createPolicy(), url: (_ctx, interaction) => `/interaction/${interaction.uid}` },
    findAccount: (_ctx, sub) => {
      const person = Object.values(people).find((each) => each.sub === sub);
      return person && { accountId: sub, claims: () => person };
    },
    claims: {
      openid: ['sub'],
      profile: findProfileClaims(people),
      email: ['email', 'email_verified'],
      phone: ['phone_number'],
    },
    conformIdTokenClaims: false, // The claims are in the ID token as well as in the userinfo.
    issueRefreshToken: (_ctx, client) => client.grantTypeAllowed('refresh_token'),
    rotateRefreshToken: true, // Using the old one again revokes all tokens of that login.
    ttl: {
      AccessToken: options.accessTokenSeconds ?? 3600,
      RefreshToken: options.refreshTokenSeconds ?? 86_400,
      AuthorizationCode: 60,
      IdToken: 3600,
      Interaction: 3600,
      Session: 86_400,
      Grant: 86_400,
    },
    features: {
      devInteractions: { enabled: false },
      claimsParameter: { enabled: true },
      revocation: {
        enabled: true,
        allowedPolicy: (_ctx, client, token) => token.clientId === client.clientId,
      },
      backchannelLogout: { enabled: true },
      rpInitiatedLogout: { enabled: true, logoutSource: confirmLogout, postLogoutSuccessSource: showGoodbye },
    },
    renderError: (ctx, { error, error_description }) => {
      ctx.type = 'html';
      ctx.body = renderPage('Sorry', `<p>${escapeHtml(`${error}: ${error_description ?? ''}`)}</p>`);
    },
    // Back-channel logout goes to this machine, which the provider's own dispatcher refuses to speak to.
    fetch: (url, init) => fetch(url, { ...init, dispatcher: undefined } as RequestInit),
  };
}

/** Its own policy takes `acr_values` for a wish. Here whoever has not been what is asked for is asked once more. */
function createPolicy() {
  const policy = interactionPolicy.base();
  policy.get('login')!.checks.add(
    new interactionPolicy.Check(
      'acr_values',
      'the login is none of the classes that are asked for',
      ({ oidc }) => {
        const asked = oidc.params?.acr_values?.toString().split(' ') ?? [];
        return asked.length > 0 && !asked.includes(`${oidc.acr}`);
      },
    ),
  );
  return policy;
}

function createSigningKey(): KeyObject {
  return generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
}

/** The pages between an authorization request and its answer: who are you? Consent is never asked for. */
async function interact(provider: Provider, people: People, req: IncomingMessage, res: ServerResponse) {
  const details = await provider.interactionDetails(req, res);
  const { prompt, params } = details;
  if (prompt.name === 'consent') {
    const grantId = await grantAll(provider, details);
    return provider.interactionFinished(req, res, { consent: { grantId } });
  }
  if (req.method !== 'POST') return sendPage(res, 200, 'Sign in', renderLogin(people, params));

  const person = people[new URLSearchParams(await text(req)).get('person') ?? ''];
  const acr = params.acr_values?.toString().split(' ')[0]; // Whatever is asked for, this login has been it.
  const result = person
    ? { login: { accountId: person.sub, ...(acr && { acr }) } }
    : { error: 'access_denied', error_description: 'The login was cancelled.' };
  return provider.interactionFinished(req, res, result, { mergeWithLastSubmission: false });
}

/** Grants what the application asks for and has not been granted before. */
async function grantAll(provider: Provider, details: Awaited<ReturnType<Provider['interactionDetails']>>) {
  const { prompt, params, session, grantId } = details;
  const identity = { accountId: session!.accountId, clientId: `${params.client_id}` };
  const grant = (grantId && (await provider.Grant.find(grantId))) || new provider.Grant(identity);
  const missing = prompt.details as { missingOIDCScope?: string[]; missingOIDCClaims?: string[] };
  if (missing.missingOIDCScope) grant.addOIDCScope(missing.missingOIDCScope.join(' '));
  if (missing.missingOIDCClaims) grant.addOIDCClaims(missing.missingOIDCClaims);
  return grant.save();
}

/** Everything known about the people that belongs to no other scope. */
function findProfileClaims(people: People): string[] {
  const names = Object.values(people).flatMap((person) => Object.keys(person));
  const elsewhere = ['sub', 'email', 'email_verified', 'phone_number'];
  return [...new Set(names)].filter((name) => !elsewhere.includes(name));
}

/** The provider's own page asks whether to sign out of everything. This one answers for the user, with yes. */
function confirmLogout(ctx: { body: unknown }, form: string): void {
  const yes =
    '<input type="hidden" name="logout" value="yes"></form><script>document.forms[0].submit()</script>';
  ctx.body = renderPage('Signing out', form.replace('</form>', yes));
}

function showGoodbye(ctx: { body: unknown }): void {
  ctx.body = renderPage('You are signed out', '<p>You may close this page.</p>');
}

function sendPage(res: ServerResponse, status: number, title: string, content: string): void {
  res.writeHead(status, { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' });
  res.end(renderPage(title, content));
}

function createPerson(given_name: string, family_name: string, phone_number: string): Person {
  const sub = given_name.toLowerCase();
  const email = `${sub}@example.com`;
  const name = `${given_name} ${family_name}`;
  return { sub, name, given_name, family_name, email, email_verified: true, phone_number };
}
