import testSequencer from '@jest/test-sequencer';

/**
 * Where Jest has no times of an earlier run, as in a fresh clone, it begins with the largest files. Ours that take longest
 * wait for bounds, browsers and servers, whatever their size: begun last, they would keep one worker at work when all
 * others are done.
 */
const SLOW = [
  'faults/faults-of-servers',
  'faults/faults-of-sentinels',
  'faults/faults-of-clusters',
  'logout/logout-races',
  'store/redis-circuit',
  'session/pointers',
  'project/package',
  'store/redis-fault-names',
  'session/clocks-that-step',
  'store/event-loop-block',
  'tokens/refresh-processes',
  'tokens/refresh',
  'examples/examples',
  'project/example-app',
  'browser/back-button',
  'store/redis-faults',
  'login/pending-login',
  'tokens/refresh-and-new-id',
  'session/corrupt-records',
  'session/renew-reply-lost',
  'browser/fetch-metadata',
  'project/readme',
  'session/on-end',
  'logout/logout-property',
  'tokens/refresh-interleavings',
  'session/many-sessions',
  'browser/login',
  'session/websocket',
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
