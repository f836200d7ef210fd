import { connect, type Socket } from 'node:net';

/** Requests on their way to a server, again and again. */
export interface Load {
  /** Answers so far. */
  count(): number;
  /** Lets each connection receive its last answer. */
  stop(): Promise<void>;
}

/**
 * Sends `GET /me` over keep-alive connections, each its next request as soon as it has the answer to the last. On bare
 * sockets, since a client that parses would cost more than the servers it measures.
 *
 * @param options - `cookies`: one per session, taken in turn by all connections; none: requests without a cookie.
 */
export function startLoad(options: { port: number; connections: number; cookies: readonly string[] }): Load {
  const { port, connections, cookies } = options;
  const requests = (cookies.length > 0 ? cookies : [undefined]).map((cookie) => createRequest(port, cookie));
  let isStopping = false;
  let answers = 0;
  let turn = 0;

  const run = (socket: Socket) =>
    new Promise<void>((resolve, reject) => {
      let received = '';
      const send = () => socket.write(requests[turn++ % requests.length]!);
      socket.setNoDelay(true);
      socket.setEncoding('latin1');
      socket.once('error', reject);
      socket.once('close', () => reject(new Error('The server closed a connection.')));
      socket.on('data', (chunk: string) => {
        received = received === '' ? chunk : received + chunk;
        const length = findLength(received);
        if (length === undefined || received.length < length) return;
        received = received.slice(length);
        answers += 1;
        if (!isStopping) {
          send();
          return;
        }
        resolve();
        socket.destroy();
      });
      socket.once('connect', send);
    });
  const running = Promise.all(Array.from({ length: connections }, () => run(connect(port, 'localhost'))));

  return {
    count: () => answers,
    stop: async () => {
      isStopping = true;
      await running;
    },
  };
}

function createRequest(port: number, cookie: string | undefined): Buffer {
  const head = `GET /me HTTP/1.1\r\nHost: localhost:${port}\r\nAccept: */*\r\n`;
  return Buffer.from(cookie === undefined ? `${head}\r\n` : `${head}Cookie: ${cookie}\r\n\r\n`);
}

/** Length of a whole answer, once its head is there. Anything but 200 stops the benchmark. */
function findLength(received: string): number | undefined {
  const end = received.indexOf('\r\n\r\n');
  if (end < 0) return undefined;
  if (!received.startsWith('HTTP/1.1 200')) throw new Error(`Unexpected answer: ${received.slice(0, 500)}`);
  const length = /content-length: (\d+)/i.exec(received.slice(0, end))?.[1];
  if (length === undefined) throw new Error('An answer does not say how long it is.');
  return end + 4 + Number(length);
}
