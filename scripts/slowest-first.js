import testSequencer from '@jest/test-sequencer';

/**
 * Where Jest has no times of an earlier run, as in a fresh clone, it begins with the largest files. Ours that take longest
 * wait for bounds, browsers and servers, whatever their size: begun last, they would keep one worker at work when all
 * others are done.
 */
const SLOW = [
  'tokens/refresh-processes',
  'browser/fetch-metadata',
  'store/redis-circuit',
  'browser/logout',
  'tokens/refresh-and-new-id',
  'session/pointers',
  'browser/login',
  'session/renew-reply-lost',
  'store/event-loop-block',
  'tokens/refresh-interleavings',
  'store/redis-fault-names',
  'project/example-app',
  'session/corrupt-records',
  'session/clocks-that-step',
  'login/pending-login',
  'store/redis-faults',
  'logout/logout-races',
  'project/package',
  'session/many-sessions',
  'browser/pages',
  'browser/connect-systems',
];

const rankOf = ({ path }) => {
  const rank = SLOW.findIndex((name) => path.endsWith(`/${name}.test.ts`));
  return rank === -1 ? SLOW.length : rank;
};

// How a CommonJS default is imported depends on who loads this file.
const Sequencer = testSequencer.default ?? testSequencer;

/** A default export, and a class, because Jest asks for both. */
export default class SlowestFirst extends Sequencer {
  sort(tests) {
    // The order of the others stays Jest's own.
    return [...super.sort(tests)].sort((a, b) => rankOf(a) - rankOf(b));
  }
}
