import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { withFreePort } from './free-port.ts';

/** Stands between a client and a server, on loopback, and fails as networks do. */
export interface TcpFaultProxy {
  readonly port: number;
  /** `redis://127.0.0.1:port`. */
  readonly url: string;
  /** How many replies `dropReplies()` has swallowed so far. */
  readonly dropped: number;
  /** Forwards everything, as at the start. Connections that lost bytes in a black hole are cut. */
  pass(): Promise<void>;
  /** Accepts connections, reads what comes and forwards nothing, on present connections as well. */
  blackhole(): Promise<void>;
  /** Cuts all connections and refuses new ones. */
  refuse(): Promise<void>;
  /** Forwards everything; each reply comes so many milliseconds later. */
  delay(ms: number): Promise<void>;
  /**
   * Lets a request through, swallows its reply and cuts the connection: the client cannot know what happened.
   * Then passes again.
   */
  dropReplies(options?: DropOptions): Promise<void>;
  /** Cuts all present connections, once. */
  cut(): void;
  /** Present connections swallow everything from now on and are never cut, as when the other machine is gone. New ones pass. */
  freeze(): void;
  /** New connections go to another server, as after a failover. Present ones stay where they are. */
  retarget(next: { port: number }): void;
  close(): Promise<void>;
}

export interface DropOptions {
  /** What the request must contain. Clients send commands of their own when they connect. @default anything */
  matching?: RegExp;
  /** How many replies are swallowed. @default 1 */
  times?: number;
}

type Mode =
  | { name: 'pass' | 'blackhole' | 'refuse' }
  | { name: 'delay'; ms: number }
  | { name: 'drop'; matching: RegExp; left: number };

interface Connection {
  client: Socket;
  server: Socket;
  hasLostBytes: boolean;
  isFrozen: boolean;
  /** The next reply answers a request whose reply is to be dropped. */
  dropsReply: boolean;
  /** Settles when the replies held back so far are out, so that none overtakes another. */
  held: Promise<void>;
}

/** Starts the proxy in front of a port of the loopback interface. */
export async function startTcpFaultProxy(target: { port: number }): Promise<TcpFaultProxy> {
  const connections = new Set<Connection>();
  let { port: targetPort } = target;
  let mode: Mode = { name: 'pass' };
  let dropped = 0;

  const destroy = (connection: Connection) => {
    connections.delete(connection);
    connection.client.destroy();
    connection.server.destroy();
  };
  const cut = () => connections.forEach(destroy);

  const onRequest = (connection: Connection, chunk: Buffer) => {
    if (connection.isFrozen) return;
    if (mode.name === 'blackhole') {
      connection.hasLostBytes = true;
      return;
    }
    if (mode.name === 'drop' && mode.matching.test(chunk.toString('latin1'))) connection.dropsReply = true;
    connection.server.write(chunk);
  };

  const onReply = (connection: Connection, chunk: Buffer) => {
    if (connection.isFrozen) return;
    if (mode.name === 'blackhole') {
      connection.hasLostBytes = true;
    } else if (mode.name === 'drop' && mode.left > 0 && connection.dropsReply) {
      dropped += 1;
      mode.left -= 1;
      destroy(connection);
    } else {
      forwardReply(connection, chunk, mode.name === 'delay' ? mode.ms : 0);
    }
  };

  const accept = (client: Socket) => {
    const server = connect(targetPort, '127.0.0.1');
    const connection: Connection = {
      ...{ client, server, hasLostBytes: false, isFrozen: false, dropsReply: false },
      held: Promise.resolve(),
    };
    connections.add(connection);
    for (const socket of [client, server]) {
      socket.setNoDelay(true);
      socket.on('error', () => undefined); // Followed by close.
      socket.on('close', () => destroy(connection));
    }
    client.on('data', (chunk) => onRequest(connection, chunk));
    server.on('data', (chunk) => onReply(connection, chunk));
  };

  const listener = createServer(accept);
  const port = await withFreePort(async (candidate) => {
    await listen(listener, candidate);
    return candidate;
  });

  const switchTo = async (next: Mode) => {
    mode = next;
    if (mode.name === 'refuse') {
      const closed = listener.listening ? once(listener, 'close') : undefined;
      listener.close();
      cut();
      await closed;
      return;
    }
    if (mode.name !== 'blackhole') [...connections].filter((each) => each.hasLostBytes).forEach(destroy);
    if (!listener.listening) await listen(listener, port);
  };

  return {
    port,
    url: `redis://127.0.0.1:${port}`,
    get dropped() {
      return dropped;
    },
    pass: () => switchTo({ name: 'pass' }),
    blackhole: () => switchTo({ name: 'blackhole' }),
    refuse: () => switchTo({ name: 'refuse' }),
    delay: (ms) => switchTo({ name: 'delay', ms }),
    dropReplies: ({ matching = /(?:)/, times = 1 } = {}) => switchTo({ name: 'drop', matching, left: times }),
    cut,
    retarget: (next) => {
      targetPort = next.port;
    },
    freeze: () => {
      for (const connection of connections) connection.isFrozen = true;
    },
    close: () => switchTo({ name: 'refuse' }),
  };
}

function forwardReply(connection: Connection, chunk: Buffer, delayMs: number): void {
  const due = Date.now() + delayMs;
  connection.held = connection.held.then(async () => {
    const wait = due - Date.now();
    if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
    if (!connection.client.destroyed) connection.client.write(chunk);
  });
}

async function listen(server: Server, port: number): Promise<void> {
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
}
