import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { basename, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { ConnectAuth } from '../connect-auth.ts';

/** An application that was found in a program. */
export interface LoadedAuth {
  /** How reports call it: the file, and a number where it has several. */
  readonly label: string;
  readonly auth: ConnectAuth;
}

/** How long a program may take until it has called `connectAuth()`, in milliseconds. */
const PATIENCE_MS = 10_000;

/**
 * Runs a program as Node would, and finds what `connectAuth()` it constructs, whether it exports them or not. See
 * `silence-servers.ts` for what it is kept from. A program may do so at once or a while later, such as after asking for its secrets.
 *
 * @throws what the program throws before it has constructed one; an Error where it constructs none in time.
 */
export async function loadAuth(file: string, cwd: string): Promise<readonly LoadedAuth[]> {
  const found: ConnectAuth[] = [];
  let note = () => {};
  const first = new Promise<void>((done) => {
    note = done;
  });
  const keep = (auth: unknown) => {
    found.push(auth as ConnectAuth);
    note();
  };
  subscribe(CREATED, keep);
  try {
    const path = resolve(cwd, file);
    const loading = (import(pathToFileURL(path).href) as Promise<object>).catch((error: unknown) => {
      // What it fails at afterwards is another thing than what it has constructed.
      if (found.length === 0 || (error as { code?: unknown }).code === 'configuration') throw error;
      return undefined;
    });
    const exported = await within(PATIENCE_MS, Promise.race([loading, first.then(() => settle(loading))]));
    if (found.length === 0) found.push(...(exported ? Object.values(exported).filter(isAuth) : []));
    if (found.length === 0) await within(PATIENCE_MS, first);
  } finally {
    unsubscribe(CREATED, keep);
  }
  if (found.length === 0)
    throw new Error(`${file} has not called connectAuth() within ${PATIENCE_MS / 1000} s.`);
  const name = basename(file);
  return found.map((auth, index) => ({ auth, label: found.length > 1 ? `${name} (${index + 1})` : name }));
}

/** See connect-auth.ts. */
const CREATED = 'express-connect-auth:created';
/** A program that has called it once may call it again before it is loaded, and may wait for what never comes. */
const REST_MS = 1_000;

/** A server that does not listen never says that it does. */
function settle(loading: Promise<object | undefined>): Promise<object | undefined> {
  return within(REST_MS, loading);
}

function isAuth(value: unknown): value is ConnectAuth {
  return typeof value === 'function' && typeof (value as Partial<ConnectAuth>).check === 'function';
}

async function within<T>(timeoutMs: number, work: Promise<T>): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<undefined>((done) => {
    timer = setTimeout(done, timeoutMs, undefined);
  });
  try {
    return await Promise.race([work, tooLate]);
  } finally {
    clearTimeout(timer);
  }
}
