import { createHash } from 'node:crypto';
import type { RedisTarget } from 'express-connect-auth';
import type { Redis } from 'ioredis';
import { redisScripts } from '../../src/store/redis-scripts.ts';
import { createGate } from './gate.ts';
import type { NodeRedis } from './redis-clients.ts';

/** A client whose commands wait for permission, each for its own. Everything else is as it was. */
export interface GatedRedis<Client extends RedisTarget = RedisTarget> {
  readonly client: Client;
  /** Called for each command; it is sent when the promise resolves, and fails unsent when this throws. @default at once */
  onCommand: (name: string) => Promise<void> | void;
  /** Called when a command is done, before its caller is told; its answer is lost when this throws. @default nothing */
  onAnswer: (name: string) => void;
}

const COMMANDS = /^(mget|mgetBuffer|set|call|zrem|zrevrange|zscan|connectAuth:\w+)$/;

export function gateRedis(real: Redis): GatedRedis<Redis> {
  const gated: Omit<GatedRedis, 'client'> = { onCommand: () => undefined, onAnswer: () => undefined };
  const client = new Proxy(real, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function') return value;
      if (typeof name !== 'string' || !COMMANDS.test(name)) return value.bind(target);
      return async (...args: unknown[]) => {
        await gated.onCommand(name);
        const answer = await value.apply(target, args);
        gated.onAnswer(name);
        return answer;
      };
    },
  });
  return Object.assign(gated, { client });
}

/** The same for a client of node-redis. Its commands go by the names that they have at ioredis. */
export function gateNodeRedis(real: NodeRedis): GatedRedis<NodeRedis> {
  const gated: Omit<GatedRedis, 'client'> = { onCommand: () => undefined, onAnswer: () => undefined };
  const send = async (args: readonly string[], options: { typeMapping: object }) => {
    const name = nameOf(args, Object.keys(options.typeMapping).length > 0);
    await gated.onCommand(name);
    const answer = await real.sendCommand(args, options);
    gated.onAnswer(name);
    return answer;
  };
  const client = new Proxy(real, {
    get(target, name) {
      if (name === 'sendCommand') return send;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
  return Object.assign(gated, { client });
}

function nameOf([command = '', script = '']: readonly string[], asBytes: boolean): string {
  const found = Object.entries(redisScripts).find(
    ([, { lua }]) => lua === script || createHash('sha1').update(lua).digest('hex') === script,
  );
  const name = found ? `connectAuth:${found[0]}` : command.toLowerCase();
  return asBytes ? `${name}Buffer` : name;
}

/** Something that is done by commands to Redis, and held back after so many of them. */
export interface Actor {
  readonly gate: GatedRedis;
  readonly pause: number;
  act(): Promise<unknown>;
}

/**
 * Lets the first go as far as its pause, then the second as far as its own, then the first to its end, then the
 * second. Returns which of them was held back at all.
 */
export async function interleave(first: Actor, second: Actor): Promise<[boolean, boolean]> {
  const begun = [await begin(first), await begin(second)] as const;
  for (const { goOn } of begun) await goOn();
  return [begun[0].held, begun[1].held];
}

async function begin({ gate, pause, act }: Actor) {
  const [reached, released] = [createGate(), createGate()];
  let left = pause;
  gate.onCommand = async () => {
    left -= 1;
    if (left >= 0) return;
    reached.open();
    await released.opened;
  };
  const acting = act();
  const held = await Promise.race([reached.opened.then(() => true), acting.then(() => false)]);
  const goOn = async () => {
    released.open();
    await acting;
  };
  return { held, goOn };
}

/** Who of two was held back, as {@link interleave} says. */
type Held = readonly [first: boolean, second: boolean];

/** More than any request of ours needs. Who polls for a lock could be held back for ever. */
const MAX_COMMANDS = 14;

/** Calls `run` with every pair of pauses, up to those that hold back nobody any more. Returns how many there were. */
export async function forAllPauses(run: (first: number, second: number) => Promise<Held>): Promise<number> {
  let runs = 0;
  for (let first = 0, anyHeld = true; anyHeld && first < MAX_COMMANDS; first += 1) {
    anyHeld = false;
    for (let second = 0, secondHeld = true; secondHeld && second < MAX_COMMANDS; second += 1) {
      const held = await run(first, second);
      anyHeld ||= held[0];
      secondHeld = held[1];
      runs += 1;
    }
  }
  return runs;
}
