import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { LoadAnswer, LoadOrder } from './load-order.ts';
import { awaitMessage } from './server-process.ts';

/** The load generator, for whoever gives it orders. */
export interface LoadGenerator {
  send(order: LoadOrder): Promise<LoadAnswer>;
  stop(): void;
}

/** Starts its process, on the core of the one that calls. It ends with that. */
export function startLoadGenerator(): LoadGenerator {
  const program = fileURLToPath(new URL('load-process.ts', import.meta.url));
  const child = fork(program, { execArgv: ['--import', 'tsx'] });
  return {
    send: async (order) => {
      const answer = awaitMessage(child, 'the load generator');
      child.send(order);
      return (await answer) as LoadAnswer;
    },
    stop: () => child.disconnect(),
  };
}
