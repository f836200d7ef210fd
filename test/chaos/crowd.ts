import { setTimeout as wait } from 'node:timers/promises';
import type { FleetProcess } from './fleet.ts';
import type { FleetProvider } from './fleet-provider.ts';
import { type Belief, createBelief, type Guess, type Judge, type Judged, LATE_MS, NOBODY } from './judge.ts';
import type { Jar, People, Target } from './person.ts';
import type { Random } from './random.ts';

/** What people do, and to whom. */
export interface CrowdOptions {
  readonly people: People;
  readonly provider: FleetProvider;
  /** Those that a proxy would lead to, at this moment. */
  readonly fleet: () => readonly FleetProcess[];
  readonly judge: Judge;
  readonly random: Random;
  /** Between two things that one person does, in milliseconds, on average. */
  readonly thinkMs: number;
  readonly now: () => number;
}

/** A browser that was logged out of, and whose cookies somebody has kept. */
interface Ghost {
  readonly jar: Jar;
  readonly belief: Belief;
}

interface Member {
  readonly belief: Belief;
  readonly jar: Jar;
  readonly ghosts: Ghost[];
}

const MAX_GHOSTS = 4;
const SESSION = 'session';

/** So many people at work, each in a browser of their own. */
export function createCrowd(count: number, options: CrowdOptions) {
  const { people, provider, fleet, judge, random, thinkMs, now } = options;
  const members = Array.from({ length: count }, (_, index): Member => {
    return { belief: createBelief(`u${index}`), jar: new Map(), ghosts: [] };
  });
  let isOver = false;

  /** A connection that is refused goes to another process, and a page whose connection broke as well. */
  const send = async (what: string, target: Target, jar: Jar): Promise<Judged> => {
    const from = now();
    for (let attempt = 0; ; attempt += 1) {
      const answer = await people.send(random.pick(fleet()).origin, target, jar);
      const mayRepeat = answer.outcome === 'refused' || (answer.outcome === 'cut' && what === 'page');
      if (!mayRepeat || attempt === 8) return { what, answer, from, to: now() };
      await wait(20);
    }
  };
  const noteChange = ({ changes }: Belief, { from, to }: Judged) => void changes.push({ from, to });
  const isOut = (jar: Jar) => !jar.has(SESSION);
  const alter = (guesses: readonly Guess[], change: (guess: Guess) => Guess[]) => guesses.flatMap(change);

  const page = async ({ belief, jar }: Pick<Member, 'belief' | 'jar'>) => {
    const judged = await send('page', { path: '/me' }, jar);
    if (!judge.isAnswer(belief, judged)) return;
    if (judged.answer.status === 401) judge.see(belief, judged, NOBODY);
    else if (judged.answer.status !== 200) judge.blame(belief, judged, 'no answer of a page');
    else {
      const me = judge.readOwn(belief, judged);
      if (me) judge.see(belief, judged, { isIn: true, n: Number(me.n) });
    }
  };

  const countUp = async ({ belief, jar }: Member) => {
    const before = belief.guesses;
    const judged = await send('count', { method: 'POST', path: '/count' }, jar);
    if (judge.isAnswer(belief, judged)) {
      if (judged.answer.status === 401) judge.see(belief, judged, NOBODY);
      else if (judged.answer.status !== 200) judge.blame(belief, judged, 'no answer of a count');
      else {
        const me = judge.readOwn(belief, judged);
        if (!me) return;
        // What was read before it was counted must fit; what was written is known by now.
        judge.see(belief, judged, { isIn: true, n: Number(me.n) - 1 });
        judge.settle(belief, { isIn: true, n: Number(me.n) }, judged);
        noteChange(belief, judged);
      }
      return;
    }
    const counted = before.filter(({ isIn }) => isIn).map(({ n }) => ({ isIn: true, n: n + 1 }));
    belief.guesses = [...before, ...counted];
    for (const { n } of counted) belief.late.set(n, now() + LATE_MS);
    noteChange(belief, judged);
  };

  const token = async ({ belief, jar }: Member) => {
    const judged = await send('token', { path: '/token' }, jar);
    if (!judge.isAnswer(belief, judged, true)) return;
    const { status, body } = judged.answer;
    if (status === 401) judge.see(belief, judged, NOBODY);
    else if (status !== 200) judge.blame(belief, judged, 'no answer of a token');
    else {
      const me = judge.readOwn(belief, judged);
      if (me && !String(me.token).startsWith(`${belief.sub}.`))
        judge.blame(belief, judged, "another's token");
      if (me && !belief.guesses.some(({ isIn }) => isIn)) {
        const isExplained = judge.wasLost(belief, judged);
        if (isExplained) judge.count('apart: acknowledged and lost by Redis');
        else judge.blame(belief, judged, `a token for nobody: ${body.length} characters`);
      }
    }
  };

  const renew = async ({ belief, jar }: Member) => {
    const judged = await send('renew', { method: 'POST', path: '/renew' }, jar);
    const before = belief.guesses;
    if (judge.isAnswer(belief, judged)) {
      if (judged.answer.status === 401) judge.see(belief, judged, NOBODY);
      else if (judged.answer.status !== 200) judge.blame(belief, judged, 'no answer of a new id');
      else if (judge.readOwn(belief, judged)) {
        if (!before.some(({ isIn }) => isIn) && !judge.wasLost(belief, judged))
          judge.blame(belief, judged, 'a new id for nobody');
        judge.settle(belief, { isIn: true, n: 0 }, judged);
        belief.born = { from: judged.from, to: judged.to };
        noteChange(belief, judged);
      }
      return;
    }
    belief.guesses = alter(before, (guess) => [guess, { ...guess, n: 0 }, NOBODY]);
    belief.late.set(0, now() + LATE_MS);
    belief.mayEndUntil = now() + LATE_MS;
    noteChange(belief, judged);
  };

  const noteEnd = (belief: Belief, judged: Judged, isDone: boolean) => {
    belief.guesses = isDone ? [NOBODY] : [...belief.guesses, NOBODY];
    if (!isDone) belief.mayEndUntil = now() + LATE_MS;
    noteChange(belief, judged);
  };

  const logOut = async ({ belief, jar, ghosts }: Member) => {
    const old = new Map(jar);
    const judged = await send('logout', { method: 'POST', path: '/logout' }, jar);
    const isDone = judge.isAnswer(belief, judged) && judged.answer.status < 400;
    if (judged.answer.outcome === 'answered' && !isDone && judged.answer.status < 500)
      judge.blame(belief, judged, 'no answer of a logout');
    noteEnd(belief, judged, isDone);
    if (isDone) {
      judge.count('logouts');
      const changes = [{ from: judged.from, to: judged.to }, ...belief.changes];
      ghosts.push({ jar: old, belief: { ...createBelief(belief.sub), changes } });
      if (ghosts.length > MAX_GHOSTS) ghosts.shift();
    }
    if (isOut(jar)) belief.guesses = [NOBODY];
  };

  /** From elsewhere: by the application, or by the provider. */
  const logOutElsewhere = async ({ belief }: Member) => {
    const { sub } = belief;
    const byProvider = random.chance(0.5);
    const form = { logout_token: provider.logoutToken(sub) };
    const target: Target = byProvider
      ? { method: 'POST', path: '/oauth/backchannel-logout', form }
      : { method: 'POST', path: `/out-everywhere?sub=${sub}` };
    const judged = await send('logout elsewhere', target, new Map());
    const isDone = judge.isAnswer(belief, judged) && judged.answer.status === 200;
    if (isDone) judge.count('logouts elsewhere');
    else if (judged.answer.outcome === 'answered' && judged.answer.status < 500)
      judge.blame(belief, judged, 'no answer of a logout elsewhere');
    noteEnd(belief, judged, isDone);
    // An index entry that Redis lost in a failover, of a record that it kept, is missed by it.
    if (isDone && belief.born) belief.changes.push(belief.born);
  };

  const logIn = async ({ belief, jar }: Member) => {
    const begun = await send('login', { path: '/login' }, jar);
    if (!judge.isAnswer(belief, begun)) return;
    const { location } = begun.answer;
    if (!location?.startsWith(provider.issuer)) {
      judge.blame(belief, begun, 'a login that leads elsewhere');
      return;
    }
    const judged = await send('callback', { path: provider.authorize(location, belief.sub) }, jar);
    const had = [...belief.guesses];
    if (judge.isAnswer(belief, judged)) {
      if (judged.answer.status === 303) {
        // The same person again keeps what was there, if an end of it was lost, or has not come about.
        belief.guesses = [{ isIn: true, n: 0 }, ...had.filter(({ isIn }) => isIn)];
        belief.seenAt = now();
        belief.born = { from: judged.from, to: judged.to };
        belief.late.clear();
        belief.mayEndUntil = Math.min(belief.mayEndUntil, now());
        noteChange(belief, judged);
        judge.count('logins');
      } else if (belief.mayEndUntil > now() || judge.wasLost(belief, judged))
        judge.count('told: login refused');
      else judge.blame(belief, judged, 'a login that was refused');
      return;
    }
    // Whatever there was before, and what may have come about without its cookie.
    belief.guesses = [...had, NOBODY];
    noteChange(belief, judged);
  };

  /** Somebody who kept the cookies tries them. */
  const haunt = async ({ ghosts }: Member, ghost = random.pick(ghosts)) => {
    const judged = await send('page', { path: '/me' }, new Map(ghost.jar));
    if (!judge.isAnswer(ghost.belief, judged)) return;
    judge.count('cookies of ended sessions tried');
    if (judged.answer.status === 401) return;
    if (judge.wasLost(ghost.belief, judged)) judge.count('apart: a logout lost by Redis');
    else judge.blame(ghost.belief, judged, 'authenticated after an acknowledged logout');
    // One is enough.
    if (ghosts.includes(ghost)) ghosts.splice(ghosts.indexOf(ghost), 1);
  };

  const actOnce = async (member: Member) => {
    const { belief, ghosts } = member;
    if (ghosts.length > 0 && random.chance(0.1)) return haunt(member);
    if (!belief.guesses.some(({ isIn }) => isIn)) return random.chance(0.9) ? logIn(member) : page(member);
    const dice = random.below(100);
    if (dice < 35) return page(member);
    if (dice < 65) return countUp(member);
    if (dice < 88) return token(member);
    if (dice < 91) return renew(member);
    if (dice < 96) return logOut(member);
    return logOutElsewhere(member);
  };

  const live = async (member: Member) => {
    await wait(random.below(thinkMs));
    while (!isOver) {
      await actOnce(member);
      await wait(thinkMs / 2 + random.below(thinkMs));
    }
  };
  const running = members.map(live);

  return {
    stop: async () => {
      isOver = true;
      await Promise.all(running);
    },
    /** Everybody comes once more, with each cookie they ever had: by now all must be well. */
    lookAtAll: async () => {
      for (let at = 0; at < members.length; at += 20) {
        await Promise.all(
          members.slice(at, at + 20).map(async (member) => {
            await page(member);
            for (const ghost of [...member.ghosts]) await haunt(member, ghost);
          }),
        );
      }
    },
  };
}
