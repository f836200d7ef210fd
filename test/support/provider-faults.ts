import type { Provider } from 'oidc-provider';
import { createGate } from './gate.ts';

const ENDPOINTS = {
  discovery: '/.well-known/openid-configuration',
  jwks: '/jwks',
  authorization: '/auth',
  token: '/token',
  userinfo: '/me',
  revocation: '/token/revocation',
  endSession: '/session/end',
} as const;

export type Endpoint = keyof typeof ENDPOINTS;

/** Requests that are being held back. */
export interface Hold {
  /** Resolves when the first request has come. */
  readonly arrived: Promise<void>;
  /** Lets those held, and all that follow, go on. */
  release(): void;
}

/** Counts what a provider is asked, and makes its endpoints fail. */
export interface ProviderFaults {
  /** How many requests each endpoint has had, also those that failed by wish. */
  requests(): Record<Endpoint, number>;
  resetRequests(): void;
  /** Answers the next request to the endpoint so, without looking at it. Several calls queue up. */
  answerNext(
    endpoint: Endpoint,
    answer: { status: number; body?: object; headers?: Record<string, string> },
  ): void;
  /** Does what the next request to the endpoint asks, then cuts the connection instead of answering. */
  loseNextAnswer(endpoint: Endpoint): void;
  /**
   * Lets requests to the endpoint hang until they are released: before the provider looks at them, or when it has
   * done its work and is about to answer.
   */
  hold(endpoint: Endpoint, moment?: HoldMoment): Hold;
  /** The same for the next request only. */
  holdNext(endpoint: Endpoint, moment?: HoldMoment): Hold;
  /** Takes the next request, does nothing and never answers. Resolves when it has come. */
  ignoreNext(endpoint: Endpoint): Promise<void>;
}

export type HoldMoment = 'before work' | 'before answer';

type Middleware = Parameters<Provider['use']>[0];

/** Creates the faults, and the middleware to put in front of a provider. */
export function createProviderFaults(): { faults: ProviderFaults; middleware: Middleware } {
  const counts = zeroCounts();
  const queues = new Map<Endpoint, Middleware[]>();
  const holds = new Map<Endpoint, Middleware>();
  const queue = (endpoint: Endpoint, fault: Middleware) => {
    queues.set(endpoint, [...(queues.get(endpoint) ?? []), fault]);
  };

  const middleware: Middleware = async (ctx, next) => {
    const endpoint = findEndpoint(ctx.path);
    if (!endpoint) return next();
    counts[endpoint] += 1;
    const fault = queues.get(endpoint)?.shift() ?? holds.get(endpoint);
    return fault ? fault(ctx, next) : next();
  };

  const faults: ProviderFaults = {
    requests: () => ({ ...counts }),
    resetRequests: () => void Object.assign(counts, zeroCounts()),
    answerNext(endpoint, { status, body, headers = {} }) {
      queue(endpoint, (ctx) => {
        ctx.status = status;
        ctx.set(headers);
        ctx.body = body ?? '';
      });
    },
    loseNextAnswer(endpoint) {
      queue(endpoint, async (ctx, next) => {
        await next();
        ctx.respond = false;
        ctx.req.socket.destroy();
      });
    },
    hold(endpoint, moment) {
      const { fault, arrived, release } = createHold(moment);
      holds.set(endpoint, fault);
      const releaseAll = () => {
        holds.delete(endpoint);
        release();
      };
      return { arrived, release: releaseAll };
    },
    holdNext(endpoint, moment) {
      const { fault, ...hold } = createHold(moment);
      queue(endpoint, fault);
      return hold;
    },
    ignoreNext(endpoint) {
      const arrived = createGate();
      queue(endpoint, (ctx) => {
        ctx.respond = false;
        arrived.open();
      });
      return arrived.opened;
    },
  };
  return { faults, middleware };
}

function createHold(moment: HoldMoment = 'before work'): Hold & { fault: Middleware } {
  const arrived = createGate();
  const released = createGate();
  const fault: Middleware = async (_ctx, next) => {
    if (moment === 'before answer') await next();
    arrived.open();
    await released.opened;
    if (moment === 'before work') await next();
  };
  return { fault, arrived: arrived.opened, release: released.open };
}

function zeroCounts(): Record<Endpoint, number> {
  return { discovery: 0, jwks: 0, authorization: 0, token: 0, userinfo: 0, revocation: 0, endSession: 0 };
}

function findEndpoint(path: string): Endpoint | undefined {
  return (Object.keys(ENDPOINTS) as Endpoint[]).find((name) => ENDPOINTS[name] === path);
}
