import { type IncomingHttpHeaders, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { type ListeningServer, listen } from './listen.ts';

/** What stands between browsers and an application, and what it does to them. */
export interface HttpFrontOptions {
  /** Where a request goes; the n-th begins at 0. */
  target: (count: number) => string;
  /** Changes the path of a request. */
  path?: (path: string) => string;
  /** Changes the headers of a request. */
  request?: (headers: IncomingHttpHeaders) => IncomingHttpHeaders;
  /** Changes the headers of an answer. */
  response?: (headers: IncomingHttpHeaders) => IncomingHttpHeaders;
}

/** Starts a proxy on loopback that passes `Host` on, unless told otherwise. */
export function startHttpFront(options: HttpFrontOptions): Promise<ListeningServer> {
  const { target, path = (same) => same, request: change = (same) => same } = options;
  const { response: changeBack = (same) => same } = options;
  let count = 0;
  return listen((req: IncomingMessage, res: ServerResponse) => {
    const to = new URL(path(req.url ?? '/'), target(count));
    count += 1;
    const outgoing = request(to, { method: req.method, headers: change(req.headers) }, (answer) => {
      res.writeHead(answer.statusCode!, changeBack(answer.headers));
      answer.pipe(res);
    });
    outgoing.on('error', () => res.destroy());
    req.pipe(outgoing);
  }, 'localhost');
}
