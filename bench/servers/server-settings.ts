import type { Express } from 'express';

/** What a contestant is told when its process is started. */
export interface ServerSettings {
  /** The file in this folder that makes the application. */
  readonly server: string;
  /** Which of the things that this application can be measured by. */
  readonly variant: string;
  /** With the number of the database that the contestant has for itself. */
  readonly redisUrl: string;
  /** What the application is registered by at the provider. */
  readonly baseUrl: string;
  readonly port: number;
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string;
}

/** Makes an application that answers `GET /me` and, unless it is logged in to, sets a session's cookie at `GET /seed`. */
export type CreateApp = (settings: ServerSettings) => Express | Promise<Express>;

/** What a process has used since it was started. */
export interface Usage {
  /** User and system time, in microseconds. */
  readonly cpu: number;
  /** When it looked, by its own monotonic clock, in milliseconds. */
  readonly at: number;
  /** Memory now, in bytes. */
  readonly memory: number;
}
