import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Answer } from './answers.ts';
import { applyFault, type Faults } from './faults.ts';
import { Refusal } from './refusal.ts';

/** Two names of one machine, which browsers treat as two sites. */
export type LoopbackHost = '127.0.0.1' | 'localhost';

/** One request as it arrived. */
export interface RecordedRequest {
  origin: string;
  method: string;
  path: string;
  /** The raw query, with its question mark, or empty. */
  search: string;
  query: URLSearchParams;
  headers: IncomingHttpHeaders;
  /** The raw body. */
  body: string;
  form: URLSearchParams;
  /** Status of the answer; undefined while there is none. */
  status: number | undefined;
}

export type Handler = (request: RecordedRequest) => Answer | Promise<Answer>;

/** Path, then method, then handler. */
export type Routes = Record<string, Record<string, Handler>>;

/** Called with a finished token answer before it is sent, and awaited. */
export type TokenHook = (call: { request: RecordedRequest; answer: Answer }) => void | Promise<void>;

export interface EmulatorServerOptions {
  host: LoopbackHost;
  /** 0 lets the system choose. */
  port: number;
  requests: RecordedRequest[];
  faults: Faults;
  /** How this provider words a refusal of its API. */
  renderRefusal: (refusal: Refusal) => Answer;
  tokenPath: string;
  tokenHook: () => TokenHook | undefined;
}

const bodyLimitBytes = 1_000_000;

/** Listens on 127.0.0.1, records every request, applies faults, and answers from the routes given to `serve`. */
export const createEmulatorServer = async (options: EmulatorServerOptions) => {
  let routes: Routes = {};
  const server = createServer((incoming, outgoing) => {
    respond(incoming, outgoing).catch((error) => {
      outgoing.writeHead(500, { 'content-type': 'text/plain' }).end(`emulator fault: ${error}`);
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(options.port, '127.0.0.1', resolve);
  });
  const origin = `http://${options.host}:${(server.address() as AddressInfo).port}`;

  const respond = async (incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> => {
    const request = await readRequest(incoming, origin);
    options.requests.push(request);
    const fault = options.faults.take(request.path);
    if (fault && !fault.afterProcessing) {
      request.status = applyFault(fault, outgoing);
      return;
    }
    const answer = await dispatch(routes, request).catch((error) => {
      if (error instanceof Refusal) return options.renderRefusal(error);
      throw error;
    });
    if (request.path === options.tokenPath) await options.tokenHook()?.({ request, answer });
    if (fault) {
      request.status = applyFault(fault, outgoing);
      return;
    }
    request.status = answer.status;
    outgoing.writeHead(answer.status, answer.headers).end(answer.body);
  };

  return {
    origin,
    serve: (given: Routes): void => {
      routes = given;
    },
    close: (): Promise<void> =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
};

const readRequest = async (incoming: IncomingMessage, origin: string): Promise<RecordedRequest> => {
  const target = incoming.url ?? '/';
  const queryStart = target.includes('?') ? target.indexOf('?') : target.length;
  const body = await readBody(incoming);
  const search = target.slice(queryStart);
  return {
    origin,
    method: incoming.method ?? '',
    path: target.slice(0, queryStart),
    search,
    query: new URLSearchParams(search),
    headers: incoming.headers,
    body,
    form: new URLSearchParams(isForm(incoming.headers) ? body : ''),
    status: undefined,
  };
};

const readBody = async (incoming: IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of incoming) {
    size += chunk.length;
    if (size > bodyLimitBytes) throw new Error('request body too large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
};

export const isForm = (headers: IncomingHttpHeaders): boolean =>
  /^application\/x-www-form-urlencoded\s*(;|$)/i.test(headers['content-type'] ?? '');

const dispatch = async (routes: Routes, request: RecordedRequest): Promise<Answer> => {
  const methods = routes[request.path];
  if (methods === undefined) throw new Refusal(404, 'not_found', `there is nothing at ${request.path}`);
  const handler = methods[request.method];
  if (handler === undefined) {
    const allow = Object.keys(methods).join(', ');
    throw new Refusal(405, 'invalid_request', `${request.method} is not allowed here`, { allow });
  }
  return handler(request);
};
