import { once } from 'node:events';
import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { Writable } from 'node:stream';

import express, { type Application, type Request, type Response } from 'express';

/**
 * Lets `work` answer a request that no network has seen, as requests of an application are, and returns the cookies that
 * the response sets.
 *
 * @param app - @default one of its own
 */
export async function runExchange(
  { app = express(), host, cookie }: { app?: Application | undefined; host: string; cookie: string },
  work: (req: Request, res: Response) => Promise<void>,
): Promise<readonly string[]> {
  const { request, response } = app as unknown as { request: object; response: object };
  const incoming = Object.assign(new IncomingMessage(new Socket()), {
    ...{ method: 'GET', url: '/', originalUrl: '/', baseUrl: '', httpVersion: '1.1' },
    headers: { host, ...(cookie === '' ? {} : { cookie }) },
  });
  const req = Object.setPrototypeOf(incoming, request) as Request;
  const res = Object.setPrototypeOf(new ServerResponse(req), response) as Response;
  Object.assign(req, { res, next: () => undefined });
  Object.assign(res, { req });
  res.assignSocket(new Writable({ write: (_chunk, _encoding, done) => done() }) as unknown as Socket);
  await work(req, res);
  // What onLogin has put into the session is written before the response ends.
  if (!res.writableEnded) res.end();
  if (!res.writableFinished) await once(res, 'finish');
  return [res.getHeader('set-cookie') ?? []].flat().map(String);
}
