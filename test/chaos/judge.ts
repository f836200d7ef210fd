import type { Refresh } from './fleet-provider.ts';
import type { Answer } from './person.ts';

/** What may be true of somebody's session, as far as the answers so far tell. */
export interface Guess {
  readonly isIn: boolean;
  /** What is counted in `req.session`. */
  readonly n: number;
}

/** What is known of one person's browser. */
export interface Belief {
  readonly sub: string;
  guesses: readonly Guess[];
  /** Counts that were told as failed: a command may be done later. By the time until which. */
  readonly late: Map<number, number>;
  /** Until when an end that was told as failed may come about. */
  mayEndUntil: number;
  /** When something of this session was changed since it was last seen, in pairs of sent and answered. */
  changes: { from: number; to: number }[];
  /** When the session got its id, and its place in the indexes, where logouts from elsewhere look for it. */
  born: { from: number; to: number } | undefined;
  /** When the session was last seen as it should be. */
  seenAt: number;
}

/** One answer, and when it was asked for. */
export interface Judged {
  readonly what: string;
  readonly answer: Answer;
  readonly from: number;
  readonly to: number;
}

/** What surrounds the answers. */
export interface JudgeWorld {
  /** Whether Redis promised nothing of what was done between these times. */
  lost(from: number, to: number): boolean;
  /** Whether something was broken between these times, so that an answer may be a fault. */
  troubled(from: number, to: number, kind: 'store' | 'process' | 'refresh'): boolean;
  refreshes(sub: string): readonly Refresh[];
  now(): number;
}

/** Counts by name. */
export interface Verdicts {
  /** What no rule explains, as sentences. Each is one too many. */
  readonly wrong: string[];
  readonly hung: string[];
  readonly counts: Record<string, number>;
}

/** How long a command that was told as failed may come about, in milliseconds. */
export const LATE_MS = 60_000;

/** A failover is known so long after it has begun, in milliseconds: by then the windows are there. */
const PROOF_MS = 4000;

/** What is true of a browser that is nobody. */
export const NOBODY: Guess = { isIn: false, n: 0 };

/** Makes what is known of somebody who has not come yet. */
export function createBelief(sub: string): Belief {
  return { sub, guesses: [NOBODY], late: new Map(), mayEndUntil: 0, changes: [], born: undefined, seenAt: 0 };
}

/** Judges every answer against everything that was acknowledged before it was asked for. */
export function createJudge(world: JudgeWorld) {
  const verdicts: Verdicts = { wrong: [], hung: [], counts: {} };
  const count = (name: string) => {
    verdicts.counts[name] = (verdicts.counts[name] ?? 0) + 1;
  };
  const blame = ({ sub }: Belief, { what, answer }: Judged, why: string) => {
    const { outcome, status, process, body, ms } = answer;
    const said = `${outcome} ${status} by ${process ?? 'nobody'} in ${Math.round(ms)} ms`;
    verdicts.wrong.push(
      `${new Date(world.now()).toISOString().slice(11, 23)} ${sub} ${what}: ${why} (${said}: ${body.slice(0, 120)})`,
    );
  };
  const wasLost = (belief: Belief, { from, to }: Judged) =>
    world.lost(from, to) || belief.changes.some((change) => world.lost(change.from, change.to));

  /** The provider has refused a refresh token, because the answer to an earlier one never came to be stored. */
  const explainRefusal = (belief: Belief): string | undefined => {
    const known = world.refreshes(belief.sub);
    const refused = known.findLast(({ outcome, at }) => outcome === 'refused' && at >= belief.seenAt - 5000);
    const given = known.findLast(({ outcome, at }) => outcome === 'given' && (!refused || at <= refused.at));
    if (!refused || !given) return undefined;
    if (world.lost(given.at - 500, given.at + 2000)) return 'refreshed tokens lost by Redis';
    return world.troubled(given.at - 100, given.at + 2000, 'process')
      ? 'refreshed tokens that died with their process'
      : undefined;
  };

  /** What was seen while nothing was promised, or just before that is known, proves nothing of what was done before. */
  const settle = (belief: Belief, seen: Guess, { from, to }: Pick<Judged, 'from' | 'to'>) => {
    belief.guesses = [seen];
    const isProof = !world.lost(from - PROOF_MS, to + PROOF_MS);
    if (isProof) belief.changes = belief.changes.filter((change) => change.to > from - PROOF_MS);
    belief.seenAt = world.now();
  };

  /** Somebody was seen there, or nobody: fits it what is known? */
  const see = (belief: Belief, judged: Judged, seen: Guess) => {
    const isKnown = belief.guesses.some(({ isIn, n }) => isIn === seen.isIn && (!isIn || n === seen.n));
    if (isKnown) count(seen.isIn ? 'right: somebody' : 'right: nobody');
    else if (
      seen.isIn &&
      (belief.late.get(seen.n) ?? 0) > world.now() &&
      belief.guesses.some(({ isIn }) => isIn)
    )
      count('right: a command that was told as failed came later');
    else if (!seen.isIn && belief.mayEndUntil > world.now())
      count('right: an end that was told as failed came later');
    else if (wasLost(belief, judged)) count('apart: acknowledged and lost by Redis');
    else {
      const refusal = seen.isIn ? undefined : explainRefusal(belief);
      if (refusal) count(`apart: ${refusal}`);
      else blame(belief, judged, `expected ${JSON.stringify(belief.guesses)}, found ${JSON.stringify(seen)}`);
    }
    settle(belief, seen, judged);
  };

  /** Whether there is an answer to look at. What is none, or a fault, must have its cause. */
  const isAnswer = (belief: Belief, judged: Judged, refresh = false): boolean => {
    const { answer, from, to } = judged;
    count('requests');
    if (answer.outcome === 'hung') {
      verdicts.hung.push(`${belief.sub} ${judged.what}`);
      return false;
    }
    if (answer.outcome === 'answered' && answer.status < 500) return true;
    const kinds = ['store', 'process', ...(refresh ? (['refresh'] as const) : [])] as const;
    const hasCause = kinds.some((kind) => world.troubled(from, to, kind));
    if (hasCause) count(answer.outcome === 'answered' ? `told: ${answer.status}` : `told: ${answer.outcome}`);
    else blame(belief, judged, 'a fault without a cause');
    return false;
  };

  /** Another's data is never right, whatever was lost. */
  const readOwn = (belief: Belief, judged: Judged): Record<string, unknown> | undefined => {
    const body = JSON.parse(judged.answer.body) as Record<string, unknown>;
    if (body.sub === belief.sub) return body;
    blame(belief, judged, "somebody else's");
    return undefined;
  };

  return { verdicts, count, blame, see, isAnswer, readOwn, wasLost, settle };
}

/** Judges. */
export type Judge = ReturnType<typeof createJudge>;
