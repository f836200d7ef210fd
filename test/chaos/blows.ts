import { setTimeout as wait } from 'node:timers/promises';
import { until } from '../support/until.ts';
import type { FleetProcess } from './fleet.ts';
import { DOWN_AFTER_MS, type RedisPair } from './redis-pair.ts';

/** What is done to the processes and to Redis. */
export const BLOWS = [
  'a process is restarted as it should be',
  'a process is killed, and another started',
  'a process stops, and goes on',
  'Redis is killed, and comes back with its data',
  'Redis stops, and goes on',
  'Redis fails over, as it is told to',
  'Redis is killed, and its replica takes over',
  'Redis stops for so long that its replica takes over, and goes on',
] as const;

/** One of them. */
export type Blow = (typeof BLOWS)[number];

/** What is broken meanwhile: of a process that is restarted well, nothing. */
export const BREAKS: Readonly<Record<Blow, 'store' | 'process' | undefined>> = {
  'a process is restarted as it should be': undefined,
  'a process is killed, and another started': 'process',
  'a process stops, and goes on': 'process',
  'Redis is killed, and comes back with its data': 'store',
  'Redis stops, and goes on': 'store',
  'Redis fails over, as it is told to': 'store',
  'Redis is killed, and its replica takes over': 'store',
  'Redis stops for so long that its replica takes over, and goes on': 'store',
};

/** What they are dealt to. */
export interface BlowTargets {
  readonly fleet: FleetProcess[];
  readonly pair: RedisPair;
  /** Which of the processes. */
  readonly index: number;
  start(): Promise<FleetProcess>;
  /** Told how a process ended that was asked to. */
  onEnd(end: number | string): void;
}

/** Deals one, and comes when everything stands again. */
export const dealBlow: Readonly<Record<Blow, (targets: BlowTargets) => Promise<void>>> = {
  'a process is restarted as it should be': async ({ fleet, index, start, onEnd }) => {
    const old = fleet[index]!;
    fleet[index] = await start();
    old.signal('SIGTERM');
    onEnd(await old.ended());
  },
  'a process is killed, and another started': async ({ fleet, index, start }) => {
    fleet[index]!.signal('SIGKILL');
    fleet[index] = await start();
  },
  'a process stops, and goes on': async ({ fleet, index }) => {
    fleet[index]!.signal('SIGSTOP');
    await wait(2000);
    fleet[index]!.signal('SIGCONT');
    await wait(500);
  },
  'Redis is killed, and comes back with its data': async ({ pair }) => {
    const primary = await pair.primary();
    await primary.restart();
    await pair.whole();
  },
  'Redis stops, and goes on': async ({ pair }) => {
    const primary = await pair.primary();
    primary.pause();
    await wait(DOWN_AFTER_MS / 2);
    primary.resume();
    await pair.whole();
  },
  'Redis fails over, as it is told to': async ({ pair }) => {
    const old = await pair.primary();
    await until(() =>
      pair.sentinel.call('SENTINEL', 'FAILOVER', 'main').then(
        () => true,
        () => false,
      ),
    );
    await until(async () => (await pair.primary()) !== old);
    await pair.whole();
  },
  'Redis is killed, and its replica takes over': async ({ pair }) => {
    const old = await pair.primary();
    await old.kill();
    await until(async () => (await pair.primary()) !== old, 30_000);
    await old.restart(['--replicaof', '127.0.0.1', String((await pair.primary()).port)]);
    await pair.whole(30_000);
  },
  'Redis stops for so long that its replica takes over, and goes on': async ({ pair }) => {
    const old = await pair.primary();
    old.pause();
    await until(async () => (await pair.primary()) !== old, 30_000);
    await wait(500);
    old.resume();
    await pair.whole(30_000);
  },
};
