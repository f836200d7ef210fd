import { Agent, request } from 'node:http';

/** What an application answered, or that it did not. */
export interface Answer {
  /** `refused`: nothing was sent; `cut`: the connection broke, and nobody knows; `hung`: nothing came in time. */
  readonly outcome: 'answered' | 'refused' | 'cut' | 'hung';
  readonly status: number;
  readonly location: string | undefined;
  readonly retryAfter: string | undefined;
  readonly process: string | undefined;
  readonly body: string;
  readonly ms: number;
}

/** Cookies by name, as one browser has them on one host. */
export type Jar = Map<string, string>;

/** Sends requests as browsers do, on connections that stay open. */
export interface People {
  send(origin: string, target: Target, jar: Jar): Promise<Answer>;
  close(): void;
}

/** What is asked. */
export interface Target {
  readonly method?: 'GET' | 'POST';
  readonly path: string;
  readonly form?: Readonly<Record<string, string>>;
}

/** @param baseUrl - where the application says that it is; @param hungMs - longer than all bounds of one request together. */
export function createPeople({ baseUrl, hungMs = 40_000 }: { baseUrl: string; hungMs?: number }): People {
  const agent = new Agent({ keepAlive: true, maxSockets: 512 });
  const host = new URL(baseUrl).host;

  const send: People['send'] = (origin, { method = 'GET', path, form }, jar) =>
    new Promise((resolve) => {
      const begun = performance.now();
      const body = form && new URLSearchParams(form).toString();
      const isPost = method === 'POST';
      const headers = {
        ...{
          host,
          accept: path.startsWith('/login') || path.startsWith('/oauth') ? 'text/html' : 'application/json',
        },
        ...(jar.size > 0 && { cookie: [...jar].map(([name, value]) => `${name}=${value}`).join('; ') }),
        ...(isPost && { origin: baseUrl, 'sec-fetch-site': 'same-origin', 'content-length': '0' }),
        ...(body && {
          'content-type': 'application/x-www-form-urlencoded',
          'content-length': String(Buffer.byteLength(body)),
        }),
      };
      const outgoing = request(origin + path, { method, headers, agent });
      let isReused = false;
      const settle = (outcome: Answer['outcome'], answer: Partial<Answer> = {}) => {
        clearTimeout(timer);
        const nothing = {
          status: 0,
          body: '',
          location: undefined,
          retryAfter: undefined,
          process: undefined,
        };
        resolve({ ...nothing, ...answer, outcome, ms: performance.now() - begun });
      };
      const timer = setTimeout(() => {
        settle('hung');
        outgoing.destroy();
      }, hungMs);
      outgoing.once('socket', () => {
        isReused = outgoing.reusedSocket;
      });
      outgoing.once('error', (error: NodeJS.ErrnoException) => {
        const isUnsent = error.code === 'ECONNREFUSED';
        settle(isUnsent ? 'refused' : 'cut', { body: `${error.code}${isReused ? ' (kept alive)' : ''}` });
      });
      outgoing.once('response', (incoming) => {
        let text = '';
        incoming.setEncoding('utf8').on('data', (chunk) => {
          text += chunk;
        });
        incoming.once('error', (error: NodeJS.ErrnoException) => settle('cut', { body: String(error.code) }));
        incoming.once('end', () => {
          const { statusCode = 0, headers } = incoming;
          keepCookies(jar, headers['set-cookie'] ?? []);
          const { location } = headers;
          const [retryAfter, process] = [headers['retry-after'], headers['x-process'] as string | undefined];
          settle('answered', { status: statusCode, location, retryAfter, process, body: text });
        });
      });
      outgoing.end(body);
    });

  return { send, close: () => agent.destroy() };
}

function keepCookies(jar: Jar, lines: readonly string[]): void {
  for (const line of lines) {
    const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
    if (value === '' || /;\s*max-age=0/i.test(line)) jar.delete(name);
    else jar.set(name, value);
  }
}
