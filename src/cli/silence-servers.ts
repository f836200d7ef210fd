import { Server } from 'node:net';

/**
 * Keeps every server of this process from taking a port of its own, for as long as the process lives: for the command
 * alone, which runs programs only to look at them. The application may be running, and would find its port in use.
 *
 * Who asks for any port that is free gets one: the test kit's provider does, and a program may wait for it before it calls
 * `connectAuth()`.
 */
export function silenceServers(): void {
  const listen = Server.prototype.listen as (this: Server, ...given: unknown[]) => Server;
  Server.prototype.listen = function silent(this: Server, ...given: unknown[]) {
    return given[0] === 0 ? listen.apply(this, given) : this;
  } as typeof Server.prototype.listen;
}
