import { setTimeout as wait } from 'node:timers/promises';
import type { FleetProcess } from '../chaos/fleet.ts';
import type { Answer, Jar, People, Target } from '../chaos/person.ts';
import type { FleetBed } from './fleet-bed.ts';

/** Somebody who works without a pause, at whatever process there is. */
export interface Worker {
  readonly sub: string;
  readonly jar: Jar;
  /** What has been counted, as far as was acknowledged. */
  n: number;
}

/** People at work on a fleet whose processes are replaced meanwhile. */
export interface Traffic {
  readonly workers: readonly Worker[];
  /** What was not as it should be, as sentences. */
  readonly faults: string[];
  readonly counts: { requests: number; logins: number; tokens: Set<string> };
  /** Comes after so many more requests. */
  after(requests: number): Promise<void>;
  stop(): Promise<void>;
}

/** As a proxy does: in turn, and to the next one where a connection is refused. */
export function createBalancer(people: People, fleet: readonly FleetProcess[]) {
  let turn = 0;
  return async (target: Target, jar: Jar): Promise<Answer> => {
    for (let attempt = 0; ; attempt += 1) {
      turn += 1;
      const answer = await people.send(fleet[turn % fleet.length]!.origin, target, jar);
      if (answer.outcome !== 'refused' || attempt === 5) return answer;
    }
  };
}

/** Logs in, from the first page to the last. A login may have to be begun again, once. */
export async function logIn(
  send: (target: Target, jar: Jar) => Promise<Answer>,
  { provider, sub, jar }: { provider: FleetBed['provider']; sub: string; jar: Jar },
): Promise<Answer> {
  let step = await send({ path: '/login' }, jar);
  for (let attempt = 0; attempt < 3 && step.location?.startsWith(provider.issuer); attempt += 1) {
    step = await send({ path: provider.authorize(step.location, sub) }, jar);
  }
  return step;
}

/** Begins it: most people stay, and one logs in and out all the time. */
export async function beginTraffic(bed: FleetBed, fleet: readonly FleetProcess[]): Promise<Traffic> {
  const send = createBalancer(bed.people, fleet);
  const workers = Array.from(
    { length: 4 },
    (_, index): Worker => ({ sub: `u${index}`, jar: new Map(), n: 0 }),
  );
  const faults: string[] = [];
  const counts = { requests: 0, logins: 0, tokens: new Set<string>() };
  let isOver = false;

  const check = (what: string, { outcome, status, process, body }: Answer, expected: number) => {
    counts.requests += 1;
    if (outcome === 'answered' && status === expected) return true;
    faults.push(`${what} at ${process}: ${outcome} ${status} ${body.slice(0, 100)}`);
    return false;
  };
  const enter = async ({ sub, jar }: { sub: string; jar: Jar }) => {
    counts.logins += 1;
    return check(`login of ${sub}`, await logIn(send, { provider: bed.provider, sub, jar }), 303);
  };
  const workOnce = async (worker: Worker) => {
    const { sub, jar } = worker;
    const counted = await send({ method: 'POST', path: '/count' }, jar);
    if (check(`count of ${sub}`, counted, 200)) worker.n += 1;
    const seen = await send({ path: '/me' }, jar);
    if (check(`page of ${sub}`, seen, 200)) {
      const me = JSON.parse(seen.body);
      if (me.sub !== sub || me.n !== worker.n) faults.push(`${sub} has ${worker.n} and sees ${seen.body}`);
    }
    const given = await send({ path: '/token' }, jar);
    if (!check(`token of ${sub}`, given, 200)) return;
    const { token } = JSON.parse(given.body);
    if (!token.startsWith(`${sub}.`)) faults.push(`${sub} got the token of another`);
    counts.tokens.add(token);
  };
  const comeAndGo = async () => {
    const guest = { sub: 'guest', jar: new Map() as Jar };
    if (!(await enter(guest))) return;
    check('page of a guest', await send({ path: '/me' }, guest.jar), 200);
    const old = new Map(guest.jar);
    check('logout', await send({ method: 'POST', path: '/logout' }, guest.jar), 200);
    check('page after the logout', await send({ path: '/me' }, old), 401);
  };
  const repeat = async (work: () => Promise<unknown>) => {
    while (!isOver) {
      await work();
      await wait(20);
    }
  };

  await Promise.all(workers.map(enter));
  const running = [...workers.map((worker) => repeat(() => workOnce(worker))), repeat(comeAndGo)];
  return {
    workers,
    faults,
    counts,
    after: async (requests) => {
      const goal = counts.requests + requests;
      while (counts.requests < goal) await wait(10);
    },
    stop: async () => {
      isOver = true;
      await Promise.all(running);
    },
  };
}

/** Replaces the processes of a fleet one by one: the new one first, then the old one goes. */
export async function roll(
  fleet: FleetProcess[],
  start: (name: string) => Promise<FleetProcess>,
  { traffic, name, count = fleet.length }: { traffic: Traffic; name: string; count?: number },
): Promise<void> {
  for (let index = 0; index < count; index += 1) {
    const old = fleet[index]!;
    fleet[index] = await start(`${name} ${index}`);
    await traffic.after(30);
    old.signal('SIGTERM');
    const end = await old.ended();
    if (end !== 0) traffic.faults.push(`${old.name} ended by ${end}`);
    traffic.faults.push(
      ...old.messages.flatMap(({ error, message }) => (error ? [`${error}: ${message}`] : [])),
    );
  }
}
