import type { RedisScriptName } from './redis-scripts.ts';

/**
 * All that the store needs of a client: a few commands, and what is known of the connection. One adapter for each kind
 * of client makes it; above it nobody knows which.
 *
 * Every command may be sent twice: again where the connection broke before the reply came. What Redis itself refuses
 * rejects with an error named `ReplyError`, its message as Redis wrote it, `command.name` where it is known.
 */
export interface RedisPort extends RedisCommands, RedisConnection {}

/** Replies are text, or bytes where the name says so. */
export interface RedisCommands {
  mget(keys: readonly string[]): Promise<(string | null)[]>;
  mgetBytes(keys: readonly string[]): Promise<(Buffer | null)[]>;
  /** `SET` with a life in milliseconds; `mustExist` is `XX`. False: it was not there. */
  set(key: string, value: string, lifeMs: number, options: { mustExist: boolean }): Promise<boolean>;
  del(key: string): Promise<void>;
  zrem(key: string, member: string): Promise<void>;
  /** The members with the highest scores, the highest first. */
  zrangeHighest(key: string, limit: number): Promise<string[]>;
  /** One step of `ZSCAN`: the next cursor, and members. */
  zscan(key: string, cursor: string): Promise<{ cursor: string; members: string[] }>;
  /** Runs one of our scripts. */
  run(name: RedisScriptName, keys: readonly string[], args: readonly ScriptArgument[]): Promise<unknown>;
  ping(): Promise<unknown>;
  /** What the server says of itself: of a cluster, one of its nodes. */
  info(): Promise<string>;
}

/** The connection, as far as the client shows it. */
export interface RedisConnection {
  /** Where Redis is, at the beginning of a sentence. */
  readonly where: string;
  readonly usesTls: boolean;
  /** Whether keys lie on several servers, so that a command must keep to one hash tag, and one server says nothing of the rest. */
  readonly isCluster: boolean;
  /** What the client says of itself; `ready`: commands are sent at once. */
  status(): string;
  /** The client tells nobody how its connection fails, until the application listens to its errors. */
  isMute(): boolean;
  /**
   * Tells how connections fail, named as Node and Redis name it. `isGuess`: the client did not say. Returns how to stop.
   */
  onFault(listener: (error: unknown, isGuess?: boolean) => void): () => void;
  /** Makes a silent connection anew, if it is ours: nothing tells TCP that the other end has vanished. */
  reconnectSilent(): void;
  /** Ends the connection, if it is ours. */
  close(): void;
}

/** What a script takes. */
export type ScriptArgument = string | number | Buffer;

/** Members that one step of `ZSCAN` looks at: few enough that other clients hardly wait. */
export const SCAN_COUNT = 500;

/** Leaves out the scores, which come between the members. */
export function everyMember(pairs: readonly string[]): string[] {
  return pairs.filter((_, index) => index % 2 === 0);
}
