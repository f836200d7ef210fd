import { randomInt } from 'node:crypto';

/**
 * Calls `start` with ports of the loopback interface until it does not fail with EADDRINUSE.
 *
 * The ports lie below those that systems hand out to outgoing connections. So a port stays free while its server is
 * down for a while, and a client that keeps on trying cannot be given the port it connects to as its own.
 */
export async function withFreePort<Started>(start: (port: number) => Promise<Started>): Promise<Started> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await start(randomInt(20_000, 32_000));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE' || attempt === 50) throw error;
    }
  }
}
