import type { Server } from 'node:http';
import type { Application } from 'express';
import { TEST_DOOR, type TestDoor } from '../assembly/test-door.ts';
import type { ConnectAuth } from '../connect-auth.ts';
import { ConfigurationError } from '../errors.ts';

/** A supertest agent, as far as it is looked at. */
export interface AgentLike {
  /** Where it keeps cookies. */
  readonly jar: object;
}

/**
 * Who is logged in, or where: an Express application, its HTTP server, a supertest agent of either, or what
 * `connectAuth()` returned.
 */
export type LogInTarget = ConnectAuth | Application | Server | AgentLike;

/** What was found behind a target. */
export interface FoundAuth {
  readonly door: TestDoor;
  readonly app: Application | undefined;
}

interface MountedRouter {
  readonly stack?: readonly { readonly handle?: unknown }[];
}

const REMEDY =
  'Give what connectAuth() returned: logInAs(auth, …), or logInAs(agent, claims, { auth }) for an agent.';

/**
 * Finds the `connectAuth()` of a target.
 *
 * @param auth - where it is said.
 * @throws ConfigurationError when there is none to be found, or more than one.
 */
export function findAuth(target: unknown, auth?: ConnectAuth): FoundAuth {
  const app = findApp(target);
  if (auth !== undefined)
    return { door: readDoor(auth) ?? refuse('What auth is was not made by connectAuth().'), app };
  const own = readDoor(target);
  if (own) return { door: own, app: undefined };
  if (typeof target === 'function' && 'authenticateUpgrade' in target)
    refuse(
      'This connectAuth() was made while NODE_ENV was "production", where nobody is logged in by tests.',
      '',
    );
  if (!app) refuse('This is no Express application, server of one, supertest agent or connectAuth().');
  const found = new Set(listDoors(findRouter(app!)));
  if (found.size === 0)
    refuse('No connectAuth() was found in this application. In a sub-application it is not seen.');
  if (found.size > 1) refuse(`${found.size} of connectAuth() were found in this application.`);
  return { door: [...found][0]!, app };
}

function refuse(problem: string, remedy = REMEDY): never {
  throw new ConfigurationError(`logInAs(): ${problem} ${remedy}`.trim());
}

function readDoor(value: unknown): TestDoor | undefined {
  return typeof value === 'function' ? (value as { [TEST_DOOR]?: TestDoor })[TEST_DOOR] : undefined;
}

/** An agent has a server, or a URL; a server has its application among its listeners. */
function findApp(target: unknown): Application | undefined {
  if (isApp(target)) return target;
  if (typeof target !== 'object' || target === null) return undefined;
  if ('app' in target && target.app !== target) return findApp(target.app);
  if (!('listeners' in target) || typeof target.listeners !== 'function') return undefined;
  return (target.listeners('request') as unknown[]).find(isApp);
}

function isApp(value: unknown): value is Application {
  return typeof value === 'function' && 'handle' in value && 'request' in value && 'settings' in value;
}

/** Express 4 keeps it under another name, and makes an error of the one of Express 5. */
function findRouter(app: Application): MountedRouter | undefined {
  const { _router: ofExpress4 } = app as unknown as { _router?: MountedRouter };
  return ofExpress4 ?? (app as unknown as { router?: MountedRouter }).router;
}

function listDoors(router: MountedRouter | undefined): TestDoor[] {
  return (router?.stack ?? []).flatMap(({ handle }) => {
    const door = readDoor(handle);
    return door ? [door] : listDoors(handle as MountedRouter | undefined);
  });
}
