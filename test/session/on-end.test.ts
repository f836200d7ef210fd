import { get } from 'node:http';
import { describe, expect, it } from '@jest/globals';
import type { Express } from 'express';
import type { TestApp, TestAppOptions } from '../support/app.ts';
import { whoIs } from '../support/bed.ts';
import type { BrowserClient } from '../support/browser-client.ts';
import { createTestClock } from '../support/clock.ts';
import { done, sendLogout } from '../support/logout-token.ts';
import { logInWith } from '../support/scripted-logins.ts';
import { until } from '../support/until.ts';
import { useApps, useRedisServer, useScriptedProvider } from '../support/use-apps.ts';

/** What the documentation promises. */
const LATEST_MS = 5000;

const clock = createTestClock();
const op = await useScriptedProvider({ now: clock.now });
const redis = await useRedisServer();
const startApp = useApps();

/** Server-sent events that end with their session, or throw instead. */
function addRoutes(server: Express): void {
  server.get('/events', (req, res) => {
    res.set('Content-Type', 'text/event-stream').flushHeaders();
    res.write(`data: ${req.user?.sub}\n\n`);
    req.auth.onEnd(() => res.end('event: end\n\n'));
  });
  server.get('/faulty-events', (req, res) => {
    res.set('Content-Type', 'text/event-stream').flushHeaders();
    res.write('data: x\n\n');
    req.auth.onEnd(() => {
      throw new Error('of the application');
    });
  });
  server.get('/until-told', (req, res) => {
    const stop = req.auth.onEnd(() => res.end('ended'));
    stop();
    res.write('begun');
  });
  server.get('/renew', async (req, res) => {
    await req.auth.renew();
    res.end();
  });
  server.get('/at-once', (req, res) => {
    req.auth.onEnd(() => res.json('nobody is logged in'));
  });
  server.get('/fault-at-once', (req, res) => {
    req.auth.onEnd(() => {
      throw new Error('of the application');
    });
    res.end();
  });
  server.get('/misused', (req, res) => {
    req.auth.onEnd(undefined as never);
    res.end();
  });
}

interface Stream {
  /** What has come so far. */
  text(): string;
  /** Resolves when the application has ended it. */
  readonly ended: Promise<void>;
  close(): void;
}

/** Opens a stream and resolves when its first event has come. */
async function open(app: TestApp, { jar }: BrowserClient, path = '/events'): Promise<Stream> {
  let text = '';
  const headers = { cookie: jar.header(app.origin)! };
  return new Promise((resolve, reject) => {
    const request = get(`${app.origin}${path}`, { headers, agent: false }, (response) => {
      const ended = new Promise<void>((end) => response.once('end', end));
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
        resolve({ text: () => text, ended, close: () => request.destroy() });
      });
      response.on('error', () => undefined);
    });
    request.once('error', reject);
  });
}

const start = (options: Partial<TestAppOptions> = {}) =>
  startApp({
    ...{ op, redis: redis.url, now: clock.now, handlers: addRoutes, storeTimeoutMs: 4000 },
    session: { idleTimeoutSeconds: 600 },
    ...options,
  });

describe('an answer that stays open', () => {
  it('is told in time that its session has ended in another process, by whatever means, and others are not (F-31)', async () => {
    const one = await start();
    const two = await start({ baseUrl: one.origin });
    const at = (app: TestApp, { jar }: BrowserClient) => app.browser(jar.clone());
    const handleOf = async (sub: string) =>
      (await two.auth.sessions.list({ issuer: op.issuer, sub }))[0]!.handle;
    const ends: Record<string, (browser: BrowserClient) => Promise<unknown>> = {
      logout: (browser) => at(two, browser).post('/logout'),
      token: async () => expect(await sendLogout(two, op, { sub: 'token', now: clock.now })).toEqual(done),
      revoke: async () => two.auth.sessions.revoke(await handleOf('revoke')),
      replaced: (browser) => two.logIn(at(two, browser), { as: 'grace' }),
      'renewed and logged out': async (browser) => {
        const other = at(two, browser);
        await other.get('/renew');
        await other.post('/logout');
      },
    };
    const stays: Record<string, (browser: BrowserClient) => Promise<unknown>> = {
      'of somebody else': async () => undefined,
      'renewed by another request': (browser) => at(two, browser).get('/renew'),
      'logged in anew by the same person': (browser) =>
        two.logIn(at(two, browser), { as: 'logged in anew by the same person' }),
    };

    const openAll = async (names: string[]) => {
      const opened: Record<string, { browser: BrowserClient; stream: Stream; same: Stream }> = {};
      for (const as of names) {
        const browser = await logInWith(op, one, { as, sid: as });
        opened[as] = { browser, stream: await open(one, browser), same: await open(one, browser) };
      }
      return opened;
    };
    const ending = await openAll(Object.keys(ends));
    const staying = await openAll(Object.keys(stays));
    const faulty = await open(one, ending.logout!.browser, '/faulty-events');
    const stopped = await open(one, ending.logout!.browser, '/until-told');
    for (const { stream } of [...Object.values(ending), ...Object.values(staying)]) {
      expect(stream.text()).toMatch(/^data: /);
    }

    for (const [name, act] of Object.entries({ ...ends, ...stays })) {
      await act({ ...ending, ...staying }[name]!.browser);
    }
    const begun = performance.now();
    await Promise.all(Object.values(ending).flatMap(({ stream, same }) => [stream.ended, same.ended]));
    expect(performance.now() - begun).toBeLessThan(LATEST_MS);
    for (const { stream } of Object.values(ending)) expect(stream.text()).toContain('event: end');
    for (const { stream } of Object.values(staying)) expect(stream.text()).not.toContain('event: end');
    expect(stopped.text()).toBe('begun');
    // What a callback throws is told, and kept from nobody else.
    expect(one.errors.map(({ error, during }) => [error.code, during])).toEqual([['unexpected', 'session']]);
    for (const stream of [faulty, stopped]) stream.close();

    // An open stream is no sign of life: those that are left end when they are idle.
    clock.advance(601_000);
    await Promise.all(Object.values(staying).map(({ stream }) => stream.ended));
    expect(await whoIs(staying['of somebody else']!.browser)).toBeNull();
  });

  it('is told when the application shuts down, which then waits for none of them (F-121)', async () => {
    const app = await start();
    const [ada, grace] = [await logInWith(op, app), await logInWith(op, app, { as: 'grace', sid: 'grace' })];
    const streams = [await open(app, ada), await open(app, grace)];
    const closed = new Promise((resolve) => app.server.close(resolve));
    await app.auth.close();
    await Promise.all([...streams.map(({ ended }) => ended), closed]);
    expect(streams[0]!.text()).toContain('event: end');
    // Nobody was logged out.
    expect(app.logouts).toEqual([]);
  });

  it('is told at once when nobody is logged in', async () => {
    const app = await start();
    expect(await (await app.browser().get('/at-once')).json()).toBe('nobody is logged in');
  });

  it('is told at once when nobody is logged in, and a callback that throws then harms nobody', async () => {
    const app = await start();
    expect((await app.browser().get('/fault-at-once')).status).toBe(200);
    await until(() => app.errors.length > 0);
    expect(app.errors.map(({ error, during }) => [error.code, during])).toEqual([['unexpected', 'session']]);
    expect(app.errors[0]!.error.message).toBe('A callback of onEnd() of the application threw.');
  });

  it('is not told anything while the store is away: the answer is 503 (F-31)', async () => {
    const app = await start({ storeTimeoutMs: 1000 });
    const browser = await logInWith(op, app);
    redis.pause();
    const answer = await browser.get('/at-once');
    redis.resume();
    expect(answer.status).toBe(503);
  });

  it('must say what to do', async () => {
    const app = await start();
    const answer = await (await logInWith(op, app)).get('/misused');
    expect([answer.status, await answer.text()]).toEqual([
      500,
      expect.stringContaining('onEnd(): callback must be'),
    ]);
  });
});
