import type { ServerResponse } from 'node:http';
import escapeHtml from 'escape-html';

/** Writes an answer by hand: any status, headers and body, or none at all. */
export type RawAnswer = (res: ServerResponse) => void;

export function json(status: number, body: unknown, headers: Record<string, string> = {}): RawAnswer {
  return send(status, JSON.stringify(body), { 'content-type': 'application/json', ...headers });
}

export function send(
  status: number,
  body: string | Buffer,
  headers: Record<string, string | string[]> = {},
): RawAnswer {
  return (res) => void res.writeHead(status, headers).end(body);
}

export function redirect(location: string, status = 303): RawAnswer {
  return send(status, '', { location });
}

/** Takes the request and never answers. */
export function hang(): RawAnswer {
  return () => undefined;
}

/** Begins an answer and breaks the connection. */
export function cut(): RawAnswer {
  return (res) => {
    res.writeHead(200, { 'content-type': 'application/json' });
    res.write('{"access_token":');
    res.socket?.end();
  };
}

/** Sends a byte now and then, for ever. */
export function drip(): RawAnswer {
  return (res) => {
    res.writeHead(200, { 'content-type': 'application/json' });
    const timer = setInterval(() => res.write(' '), 20);
    res.once('close', () => clearInterval(timer));
  };
}

/** Sends so many bytes, or never stops. */
export function flood(bytes = Number.POSITIVE_INFINITY): RawAnswer {
  return (res) => {
    const chunk = Buffer.alloc(64 * 1024, ' ');
    let sent = 0;
    const more = () => {
      while (!res.destroyed && sent < bytes) {
        sent += chunk.length;
        if (!res.write(chunk)) return void res.once('drain', more);
      }
      res.end('{}');
    };
    res.writeHead(200, { 'content-type': 'application/json' });
    more();
  };
}

/** Sends the browser back to the application with an answer, in the query or by a form that submits itself. */
export function deliver(redirectUri: string, mode: string | null, answer: Record<string, string>): RawAnswer {
  if (mode !== 'form_post') {
    const target = new URL(redirectUri);
    for (const [name, value] of Object.entries(answer)) target.searchParams.set(name, value);
    return redirect(target.href);
  }
  const inputs = Object.entries(answer).map(
    ([name, value]) => `<input type="hidden" name="${escapeHtml(name)}" value="${escapeHtml(value)}">`,
  );
  return send(200, `<form method="post" action="${escapeHtml(redirectUri)}">${inputs.join('')}</form>`, {
    'content-type': 'text/html',
  });
}
