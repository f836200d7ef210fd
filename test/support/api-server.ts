import type { IncomingHttpHeaders } from 'node:http';
import { text } from 'node:stream/consumers';
import { listen } from './listen.ts';
import { json, type RawAnswer } from './scripted-answers.ts';

/** A request that an API has had. */
export interface ApiRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** An API on loopback, such as an application calls with a person's token. */
export interface ApiServer {
  readonly origin: string;
  readonly requests: ApiRequest[];
  /** Answers all requests from now on. @default 200 and `{ "ok": true }` */
  answer: (request: ApiRequest) => RawAnswer;
  close(): Promise<void>;
}

export async function startApiServer(): Promise<ApiServer> {
  const api: Omit<ApiServer, 'origin' | 'close'> = { requests: [], answer: () => json(200, { ok: true }) };
  const server = await listen((req, res) => {
    const handle = async () => {
      const { method = '', url = '', headers } = req;
      const request = { method, url, headers, body: await text(req) };
      api.requests.push(request);
      api.answer(request)(res);
    };
    handle().catch(() => res.destroy());
  });
  return Object.assign(api, { origin: server.origin, close: server.close });
}
