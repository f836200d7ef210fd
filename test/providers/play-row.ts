import type { ErrorEvent, LoginCapabilities, ProviderDefinition } from 'express-connect-auth';
import { startApp, type TestApp } from '../support/app.ts';
import { createTestClock } from '../support/clock.ts';
import type { Claims } from '../support/scripted-keys.ts';
import { addTokenRoutes, ask } from '../support/token-routes.ts';
import type { Habits } from './habits.ts';
import { OUR_EC_KEY, OUR_RSA_KEY } from './keys-of-ours.ts';
import { type ProviderWorld, startProviderWorld } from './provider-world.ts';

/** What an application saw of a provider. */
export interface Outcome {
  user: Claims;
  /** What `req.auth` says that the provider can do. */
  capabilities: LoginCapabilities | undefined;
  /** Whether an access token that had ended was renewed. */
  refresh: boolean;
  /** Whether the logout went to the provider, and came back. */
  logout: boolean;
  revoked: number;
  /** What the operator is told of the wrong setting, and by which code. */
  told: string;
  toldCode: string;
  /** What went wrong though nothing should. */
  problems: string[];
}

/** Plays one row from the login to the logout, and then the wrong setting. */
export async function playRow(habits: Habits): Promise<Outcome> {
  const clock = createTestClock();
  const clientKey = habits.clientAuthentication === 'apple' ? OUR_EC_KEY : OUR_RSA_KEY;
  const world = await startProviderWorld(habits, { now: clock.now, clientKey: clientKey.publicKey });
  try {
    const seen = await withApp(world, habits.take, clock.now, (app) =>
      useAll(app, world, habits, clock.advance),
    );
    const wrong = await tryWrong(world, habits, clock.now);
    return { ...seen, ...wrong, problems: [...seen.problems, ...world.violations] };
  } finally {
    await world.close();
  }
}

async function useAll(
  app: TestApp,
  world: ProviderWorld,
  { endpoints }: Habits,
  advance: (ms: number) => void,
): Promise<Omit<Outcome, 'told' | 'toldCode'>> {
  const browser = app.browser();
  const answer = await app.logIn(browser);
  const { user } = await (await browser.get('/')).json();
  const { capabilities } = await (await browser.get('/capabilities')).json();
  const before = world.asked('token_endpoint').length;
  const token = await ask(browser);
  advance(59 * 24 * 3600 * 1000 + 3_600_000);
  const later = await ask(browser);
  const refresh = later.token !== undefined && later.token !== token.token;
  const faults = app.errors.map(({ error }: ErrorEvent) => String((error as Error).message));
  const location = (await browser.post('/logout')).headers.get('location') ?? '';
  const isThere =
    endpoints.end_session_endpoint !== undefined && location.startsWith(endpoints.end_session_endpoint);
  const logout = isThere && new URL((await world.open(location)).url).origin === app.origin;
  return {
    user,
    capabilities,
    refresh: refresh && world.asked('token_endpoint').length > before,
    logout,
    revoked: world.asked('revocation_endpoint').length,
    problems: [
      ...(answer.status === 303 ? [] : [`the login answered ${answer.status}`]),
      ...(isThere && !logout ? ['the logout did not come back'] : []),
      ...faults,
    ],
  };
}

async function tryWrong(world: ProviderWorld, { wrong }: Habits, now: () => number) {
  const known = world.violations.length;
  try {
    return await withApp(world, wrong.take, now, async (app) => {
      await app.logIn(app.browser()).catch(() => undefined);
      const [fault] = app.errors;
      const { message = '', code = 'none' } = (fault?.error ?? {}) as { message?: string; code?: string };
      return { told: message, toldCode: code };
    });
  } catch (error) {
    const { message, code = '' } = error as Error & { code?: string };
    return { told: message, toldCode: code };
  } finally {
    // Whatever a wrong setting asks for is no fault of the library.
    world.violations.length = known;
  }
}

async function withApp<T>(
  world: ProviderWorld,
  take: () => ProviderDefinition,
  now: () => number,
  work: (app: TestApp) => Promise<T>,
): Promise<T> {
  const provider = take();
  const app = await startApp({
    op: {
      registerApp: () => Promise.reject(new Error('It is registered by its preset.')),
      signIn: world.open,
    },
    preset: () => provider,
    fetch: world.fetch,
    now,
    session: { absoluteTimeoutSeconds: 400 * 24 * 3600, idleTimeoutSeconds: 399 * 24 * 3600 },
    handlers: (express) => {
      addTokenRoutes(express);
      express.get('/capabilities', (req, res) => res.json({ capabilities: req.auth.capabilities }));
    },
  });
  try {
    return await work(app);
  } finally {
    await app.close();
  }
}
