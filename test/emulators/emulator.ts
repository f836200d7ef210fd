import type { Answer } from './answers.ts';
import type { Authorization, Delivery } from './authorize-endpoint.ts';
import type { EmulatorClient } from './client-authentication.ts';
import {
  createEmulatorServer,
  type LoopbackHost,
  type RecordedRequest,
  type Routes,
  type TokenHook,
} from './emulator-server.ts';
import { defaultUser, type EmulatorUser } from './emulator-user.ts';
import { createFaults } from './faults.ts';
import { createGrants, type Grant } from './grants.ts';
import { splitScope } from './parameters.ts';
import type { Refusal } from './refusal.ts';

/** Modes that every emulator has; all can be changed at run time with `set`. */
export interface CommonSettings {
  /** The person at the browser. */
  user: EmulatorUser;
  /** Show a sign-in page instead of answering at once. @default false */
  interactive: boolean;
  /** What the person decides when no page is shown. @default 'approve' */
  decision: 'approve' | 'cancel';
  /** @default 60 */
  codeSeconds: number;
  /** Awaited before a token answer is sent, after it took effect. @default none */
  beforeTokenAnswer: TokenHook | undefined;
}

export const commonDefaults: CommonSettings = {
  user: defaultUser,
  interactive: false,
  decision: 'approve',
  codeSeconds: 60,
  beforeTokenAnswer: undefined,
};

export interface ListenOptions<C> {
  /** Which of the two loopback names stands in `origin`. @default '127.0.0.1' */
  host?: LoopbackHost;
  /** @default 0, an ephemeral port */
  port?: number;
  /** Milliseconds. @default Date.now */
  now?: () => number;
  /** More can be added later with `register`. @default none */
  clients?: C[];
}

/** What an emulator can be created with. */
export type EmulatorOptions<S, C> = Partial<S> & ListenOptions<C>;

interface BaseOptions<S, C> {
  options: EmulatorOptions<S, C>;
  defaults: S;
  tokenPath: string;
  renderRefusal: (refusal: Refusal) => Answer;
  /** Throws when the provider would not register this client. */
  checkClient?: (client: C) => void;
}

export type EmulatorBase<C, S extends CommonSettings = CommonSettings> = {
  clients: Map<string, C>;
  settings: S;
  deliveries: Delivery[];
  pagesShown: ('sign-in' | 'sign-up')[];
};

/** The parts that all emulators have, and the members that all of them show to tests (`surface`). */
export const createEmulatorBase = async <S extends CommonSettings, C extends EmulatorClient>(
  given: BaseOptions<S, C>,
) => {
  const {
    host = '127.0.0.1',
    port = 0,
    now = Date.now,
    clients: firstClients = [],
    ...modes
  } = given.options;
  const settings: S = { ...given.defaults, ...(modes as Partial<S>) };
  const firstSettings = { ...settings };
  const requests: RecordedRequest[] = [];
  const deliveries: Delivery[] = [];
  const pagesShown: EmulatorBase<C>['pagesShown'] = [];
  const clients = new Map<string, C>();
  const grants = createGrants({ now });
  const faults = createFaults(given.tokenPath);

  const register = (client: C): void => {
    given.checkClient?.(client);
    clients.set(client.clientId, client);
  };
  for (const client of firstClients) register(client);

  /** Another origin of the same provider. */
  const listen = (listenHost: LoopbackHost, listenPort: number) =>
    createEmulatorServer({
      host: listenHost,
      port: listenPort,
      requests,
      faults,
      renderRefusal: given.renderRefusal,
      tokenPath: given.tokenPath,
      tokenHook: () => settings.beforeTokenAnswer,
    });
  const server = await listen(host, port);

  const seconds = (): number => Math.floor(now() / 1000);

  /** What an authorization leads to when the person at the browser agrees to all of it. */
  const grantAll = ({ client, redirectUri, parameters }: Authorization<C>): Grant => ({
    clientId: client.clientId,
    redirectUri,
    user: settings.user,
    scopes: splitScope(parameters.get('scope')),
    authTime: seconds(),
    nonce: parameters.get('nonce'),
  });

  const serve = (routes: Routes): void => server.serve(routes);

  const surface = {
    origin: server.origin,
    url: (path: string): string => `${server.origin}${path}`,
    close: server.close,
    /** Every request, in order of arrival. */
    requests,
    counters: createCounters(requests, given.tokenPath),
    /** Every code and token that was given out. */
    issued: grants.issued,
    /** Every answer of the authorization endpoint, as it left. */
    deliveries,
    pagesShown,
    faults,
    settings: settings as Readonly<S>,
    /** Changes modes at run time. */
    set: (change: Partial<S>): void => {
      Object.assign(settings, change);
    },
    /** Goes back to the modes that it was created with. */
    reset: (): void => {
      Object.assign(settings, firstSettings);
    },
    /** Adds a client or replaces the one of the same id. */
    register,
  };
  return {
    origin: server.origin,
    host,
    now,
    seconds,
    settings,
    clients,
    grants,
    grantAll,
    deliveries,
    pagesShown,
    serve,
    listen,
    surface,
  };
};

/** How often each endpoint was called, refused and spoiled calls included. */
const createCounters = (requests: readonly RecordedRequest[], tokenPath: string) => {
  const count = (matches: (request: RecordedRequest) => boolean): number => requests.filter(matches).length;
  const endsIn = (name: string) => count(({ path }) => path.endsWith(`/${name}`));
  const isRefresh = ({ form, query }: RecordedRequest) =>
    (form.get('grant_type') ?? query.get('grant_type')) === 'refresh_token';
  return {
    get authorizeCalls() {
      return endsIn('authorize');
    },
    get codeCalls() {
      return count((request) => request.path === tokenPath && !isRefresh(request));
    },
    get refreshCalls() {
      return count((request) => request.path === tokenPath && isRefresh(request));
    },
    get userinfoCalls() {
      return endsIn('userinfo');
    },
    get revokeCalls() {
      return endsIn('revoke');
    },
    get logoutCalls() {
      return endsIn('logout');
    },
  };
};
