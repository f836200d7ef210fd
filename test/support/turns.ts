import { createGate } from './gate.ts';

/** Work that happens one piece at a time, each when its turn has come. */
export interface Turns {
  /** Does a piece of work when it is chosen. */
  take<T>(name: string, work: () => Promise<T>): Promise<T>;
  /** Resolves when `wake()` is called next. */
  sleep(): Promise<void>;
  wake(): void;
  /**
   * Does everything that waits, and all that comes of it, in the order that `choose` decides: 0 is who came last, so
   * that whoever chooses nothing else lets each actor finish; the last of `count` starts one more actor by `begin`,
   * until that returns false. `undefined` is the end of everybody, wherever they are: nothing more is done.
   *
   * @throws Error when somebody sleeps and nobody is left to wake them.
   */
  run(begin: () => boolean, choose: (count: number) => number | undefined): Promise<void>;
  /** What was done, in order. */
  readonly log: readonly string[];
  /** Whether all have been ended where they were. What they want to do since fails: so they give back their timers. */
  readonly isOver: boolean;
}

/** Far more than a few requests need. */
const MAX_TURNS = 2_000;

/** @param onTurn - called before each piece of work. */
export function createTurns(onTurn: () => void): Turns {
  const waiting: { name: string; run: () => Promise<void>; die: (error: Error) => void }[] = [];
  const log: string[] = [];
  let sleepers = 0;
  let bell = createGate();
  let isOver = false;

  const killAll = () => {
    isOver = true;
    for (const { die } of waiting.splice(0)) die(createDeath());
  };

  return {
    log,
    get isOver() {
      return isOver;
    },
    take: (name, work) =>
      new Promise((resolve, reject) => {
        if (isOver) reject(createDeath());
        else waiting.push({ name, run: () => work().then(resolve, reject), die: reject });
      }),
    sleep: async () => {
      sleepers += 1;
      await bell.opened;
      sleepers -= 1;
    },
    wake: () => {
      bell.open();
      bell = createGate();
    },
    run: async (begin, choose) => {
      for (let mayBegin = true; mayBegin || waiting.length > 0; ) {
        const chosen = choose(waiting.length + (mayBegin ? 1 : 0));
        if (chosen === undefined) {
          killAll();
          return;
        }
        onTurn();
        if (chosen === waiting.length) {
          mayBegin = begin();
        } else {
          const [turn] = waiting.splice(waiting.length - 1 - chosen, 1);
          if (log.length === MAX_TURNS) throw new Error('It does not come to an end.');
          log.push(turn!.name);
          await turn!.run();
        }
        // Whoever went on has come as far as its next turn when nothing is left to do at once.
        await new Promise(setImmediate);
      }
      if (sleepers > 0) throw new Error('Somebody waits for a lock that nobody gives back.');
    },
  };
}

function createDeath(): Error {
  return new Error('The process was killed.');
}
