import type { Express } from 'express';

/** A page that needs no session: `/public`. */
export function publicRoute(server: Express): void {
  server.get('/public', (_req, res) => void res.send('open'));
}
