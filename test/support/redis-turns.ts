import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { connect, createServer, type Socket } from 'node:net';

/** Stands in front of a Redis server and counts how often a client waits for it. */
export interface RedisTurns {
  readonly url: string;
  /** Round trips so far: what is sent without a reply in between is one. */
  readonly count: number;
  close(): Promise<void>;
}

/** Starts it in front of a port of the loopback interface. */
export async function startRedisTurns(target: { port: number }): Promise<RedisTurns> {
  const sockets = new Set<Socket>();
  let turns = 0;
  const server = createServer((client) => {
    const upstream = connect(target.port, '127.0.0.1');
    let isClientsTurn = true;
    client.on('data', () => {
      if (isClientsTurn) turns += 1;
      isClientsTurn = false;
    });
    upstream.on('data', () => {
      isClientsTurn = true;
    });
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.setNoDelay(true);
      socket.on('error', () => socket.destroy());
      socket.on('close', () => sockets.delete(socket));
    }
    client.pipe(upstream).pipe(client);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `redis://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get count() {
      return turns;
    },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
