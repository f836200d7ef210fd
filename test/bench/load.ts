import { connect, type Socket } from 'node:net';

export interface Load {
  port: number;
  /** One per session; each connection takes them in turn. */
  cookies: readonly string[];
  connections: number;
  milliseconds: number;
}

/**
 * Sends `GET /me` over keep-alive connections for a while and counts the answers. On bare sockets, since a client that
 * parses would cost more than the servers it measures. Every answer of a server has the length of its first.
 */
export async function countAnswers({ port, cookies, connections, milliseconds }: Load): Promise<number> {
  const until = performance.now() + milliseconds;
  let answers = 0;
  let turn = 0;
  const nextRequest = () => {
    const cookie = cookies[turn++ % cookies.length]!;
    return `GET /me HTTP/1.1\r\nHost: localhost\r\nAccept: */*\r\nCookie: ${cookie}\r\n\r\n`;
  };
  const run = (socket: Socket) =>
    new Promise<void>((resolve, reject) => {
      let received = Buffer.alloc(0);
      socket.on('error', reject);
      socket.on('data', (chunk) => {
        received = received.length === 0 ? chunk : Buffer.concat([received, chunk]);
        const length = findLength(received);
        if (length === undefined || received.length < length) return;
        received = received.subarray(length);
        answers += 1;
        if (performance.now() < until) {
          socket.write(nextRequest());
        } else {
          socket.destroy();
          resolve();
        }
      });
      socket.write(nextRequest());
    });
  await Promise.all(Array.from({ length: connections }, () => run(connect(port, '127.0.0.1'))));
  return answers;
}

/** Length of a whole answer, once its head is there. Anything but 200 stops the benchmark. */
function findLength(received: Buffer): number | undefined {
  const end = received.indexOf('\r\n\r\n');
  if (end < 0) return undefined;
  const head = received.toString('latin1', 0, end);
  if (!head.startsWith('HTTP/1.1 200')) throw new Error(`Unexpected answer: ${head.split('\r\n')[0]}`);
  return end + 4 + Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0);
}
