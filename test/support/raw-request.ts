import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** Opens a connection to write on byte by byte, for what no HTTP client would send. */
export async function openConnection(origin: string): Promise<Socket> {
  const { hostname, port } = new URL(origin);
  const socket = connect({ host: hostname, port: Number(port) });
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return socket;
}

/**
 * Sends these bytes and returns all that comes back until the server closes the connection, so the request should
 * say `Connection: close`.
 */
export async function sendRaw(origin: string, request: string | Buffer): Promise<string> {
  const socket = await openConnection(origin);
  const chunks: Buffer[] = [];
  socket.on('data', (chunk) => chunks.push(chunk));
  socket.write(request);
  await once(socket, 'close');
  return Buffer.concat(chunks).toString('latin1');
}

/** The status of a raw answer. */
export function statusOf(answer: string): number {
  return Number(/^HTTP\/1\.1 (\d+)/.exec(answer)?.[1]);
}
