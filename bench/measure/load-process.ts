// The load generator, as a process of its own.

import { type Load, startLoad } from './load.ts';
import type { LoadAnswer, LoadOrder } from './load-order.ts';

const cookiesByName = new Map<string, readonly string[]>();
let load: Load | undefined;

process.on('message', async (message: LoadOrder) => {
  if (message.order === 'know') cookiesByName.set(message.name, message.cookies);
  if (message.order === 'start') {
    const { port, connections, name } = message;
    load = startLoad({ port, connections, cookies: cookiesByName.get(name) ?? [] });
  }
  const answer: LoadAnswer = { answers: load?.count() ?? 0, at: performance.now() };
  if (message.order === 'stop') await load?.stop();
  process.send?.(answer);
});
process.once('disconnect', () => process.exit());
