import type { Redis } from 'ioredis';

/** A client whose commands wait for permission, each for its own. Everything else is as it was. */
export interface GatedRedis {
  readonly client: Redis;
  /** Called for each command; it is sent when the promise resolves. @default at once */
  onCommand: (name: string) => Promise<void> | void;
}

const COMMANDS = /^(mget|get|set|call|zrem|zrange|connectAuth:\w+)$/;

export function gateRedis(real: Redis): GatedRedis {
  const gated = { onCommand: () => undefined } as Pick<GatedRedis, 'onCommand'>;
  const client = new Proxy(real, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function') return value;
      if (typeof name !== 'string' || !COMMANDS.test(name)) return value.bind(target);
      return async (...args: unknown[]) => {
        await gated.onCommand(name);
        return value.apply(target, args);
      };
    },
  });
  return Object.assign(gated, { client });
}

/** Holds a client back before one of its commands. */
export interface Pause {
  /** Resolves when the command has come to be sent. */
  readonly reached: Promise<void>;
  release(): void;
}

/** Lets so many commands through, and holds back the next until it is released. */
export function pauseAfter(gated: GatedRedis, commands: number): Pause {
  let left = commands;
  let release = () => {};
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  let reach = () => {};
  const reached = new Promise<void>((resolve) => {
    reach = resolve;
  });
  gated.onCommand = async () => {
    left -= 1;
    if (left >= 0) return;
    reach();
    await released;
  };
  return { reached, release: () => release() };
}
