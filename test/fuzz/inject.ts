import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import type { Express } from 'express';

/** A request as Node has parsed it. */
export interface Injected {
  readonly method?: string;
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** What was answered. */
export interface InjectedAnswer {
  readonly status: number;
  readonly location: string | undefined;
}

/** Gives an application a request without a connection: a million of them cost minutes. */
export function inject(
  app: Express,
  { method = 'GET', url, headers = {}, body }: Injected,
): Promise<InjectedAnswer> {
  const req = new IncomingMessage(new Socket());
  Object.assign(req, { method, url, httpVersion: '1.1', httpVersionMajor: 1, httpVersionMinor: 1 });
  Object.assign(
    req.headers,
    headers,
    body !== undefined && { 'content-length': String(Buffer.byteLength(body)) },
  );
  if (body !== undefined) req.push(body);
  req.push(null);
  // A parser says so of a message that it has read to its end.
  req.complete = true;
  const res = new ServerResponse(req);
  return new Promise((resolve) => {
    const { end } = res;
    res.end = function endAndTell(this: ServerResponse, ...args: unknown[]) {
      Reflect.apply(end, this, args);
      const location = this.getHeader('location');
      resolve({ status: this.statusCode, location: location === undefined ? undefined : String(location) });
      return this;
    } as ServerResponse['end'];
    app(req, res);
  });
}
