import type { ServerResponse } from 'node:http';

/** How a system can fail that is otherwise honest. `hang` keeps the connection open and never answers. */
export type FaultName = 'server-error' | 'too-many-requests' | 'html' | 'hang' | 'reset';

export interface FaultOptions {
  /** Path of the endpoint that fails. @default the token endpoint */
  path?: string;
  /** How many calls fail. @default 1 */
  times?: number;
  /** The call takes effect (a token is rotated, a code is used) and only its answer is lost. @default false */
  afterProcessing?: boolean;
  /** Retry-After of `too-many-requests`. @default 1 */
  retryAfterSeconds?: number;
}

type Fault = Required<FaultOptions> & { name: FaultName };

export type Faults = ReturnType<typeof createFaults>;

/** Switches for failures of the next calls; each is used up by the calls that it spoils. */
export const createFaults = (tokenPath: string) => {
  let waiting: Fault[] = [];

  const next = (name: FaultName, options: FaultOptions = {}): void => {
    const defaults = { path: tokenPath, times: 1, afterProcessing: false, retryAfterSeconds: 1 };
    waiting.push({ name, ...defaults, ...options });
  };

  const take = (path: string): Fault | undefined => {
    const fault = waiting.find((each) => each.path === path);
    if (fault === undefined) return undefined;
    fault.times -= 1;
    if (fault.times <= 0) waiting = waiting.filter((each) => each !== fault);
    return fault;
  };

  const clear = (): void => {
    waiting = [];
  };

  return { next, take, clear };
};

/** Spoils one answer. Returns the status that was sent, or nothing when none was. */
export const applyFault = (fault: Fault, outgoing: ServerResponse): number | undefined => {
  const answer = (status: number, headers: Record<string, string>, body: string) => {
    outgoing.writeHead(status, headers).end(body);
    return status;
  };
  const jsonType = { 'content-type': 'application/json' };
  switch (fault.name) {
    case 'server-error':
      return answer(500, jsonType, '{"error":"server_error"}');
    case 'too-many-requests':
      return answer(
        429,
        { ...jsonType, 'retry-after': String(fault.retryAfterSeconds) },
        '{"error":"slow_down"}',
      );
    case 'html':
      return answer(400, { 'content-type': 'text/html' }, '<h1>400 Bad Request</h1>');
    case 'reset':
      outgoing.socket?.resetAndDestroy();
      return undefined;
    case 'hang':
      return undefined;
  }
};
