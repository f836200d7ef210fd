import type { IncomingMessage } from 'node:http';

/** From here to the upgrade nobody else listens to the socket, and a client that hangs up would end the process. */
export function outliveHangUp({ headers, socket }: IncomingMessage): void {
  if (headers.upgrade === undefined || socket.listeners('error').includes(ignore)) return;
  socket.on('error', ignore);
}

function ignore(): void {}
