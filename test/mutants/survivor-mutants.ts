import { inFile, type Mutant } from './mutant.ts';

/** Changes that every test let pass once, N-33 to N-41. */
export const SURVIVOR_MUTANTS: readonly Mutant[] = [
  ...inFile('session/mark-rules.ts', [
    {
      id: 'N-33',
      what: 'a mark of a logout that cannot be read ends every login',
      text: "mark === 'unreadable' || ",
      becomes: '',
      test: 'session/session-beginnings.test.ts',
    },
  ]),
  ...inFile('store/record-format.ts', [
    {
      id: 'N-34',
      what: 'a record without a last touch is damaged',
      text: '(\\\\d{13}) (\\\\d{13})',
      becomes: '(?:(\\\\d{13}) |\\\\D*)(\\\\d{13})',
      also: [
        {
          file: 'store/record-format.ts',
          text: 'identity: text.slice(HEAD_LENGTH)',
          becomes: 'identity: text.slice(head[0].length)',
        },
        {
          file: 'session/session-records.ts',
          text: "return time - seenAt <= idleTimeoutMs ? undefined : 'idle_timeout';",
          becomes: "return time - seenAt > idleTimeoutMs ? 'idle_timeout' : undefined;",
        },
      ],
      test: 'session/corrupt-records.test.ts',
    },
  ]),
  ...inFile('provider/quirks/weak-rsa.ts', [
    {
      id: 'N-35',
      what: 'no key is shorter than 1024 bits',
      text: 'const MINIMUM_BITS = 1024;',
      becomes: 'const MINIMUM_BITS = 512;',
      test: 'provider/replaced-keys.test.ts',
    },
  ]),
  ...inFile('session/refused-end.ts', [
    {
      id: 'N-36',
      what: 'a refusal ends the session only while its tokens are those that were refused',
      text: ', ifTokens: tokens }',
      becomes: ' }',
      test: 'tokens/refused-loser.test.ts',
    },
  ]),
  ...inFile('provider/token-refresh.ts', [
    {
      id: 'N-37',
      what: 'the `iss` of an ID token that no key fits is compared',
      text: "if (now.iss !== before.iss) return 'iss';",
      becomes: '',
      test: 'tokens/refresh-unfit-key.test.ts',
    },
  ]),
  ...inFile('store/session-lock.ts', [
    {
      id: 'N-38',
      what: 'who waits for a lock does not give up before the bound',
      text: 'const patience = AbortSignal.timeout(patienceMs);',
      becomes: 'const patience = AbortSignal.timeout(patienceMs / 20);',
      test: 'tokens/lock-owners.test.ts',
    },
    {
      id: 'N-38',
      what: 'who waits for a lock gives up at the bound',
      text: 'const patience = AbortSignal.timeout(patienceMs);',
      becomes: 'const patience = AbortSignal.timeout(patienceMs * 4);',
      test: 'tokens/lock-owners.test.ts',
      titles: 'not by the number of looks',
    },
    {
      id: 'N-39',
      what: 'who holds a lock keeps it while at work',
      text: 'beats = Promise.allSettled([beats, extend()]);',
      becomes: '',
      test: 'tokens/lock-owners.test.ts',
      titles: 'is kept far beyond its lease',
    },
  ]),
  ...inFile('store/memory-store.ts', [
    {
      id: 'N-39',
      what: 'a lease ends',
      text: "if (kind !== 's') set(",
      becomes: "leaseMs *= 2; if (kind !== 's') set(",
      test: 'tokens/lock-owners.test.ts',
    },
  ]),
  ...inFile('session/sessions.ts', [
    {
      id: 'N-40',
      what: 'an anonymous session ends at a login',
      text: 'old && !isSame ?',
      becomes: 'old?.identity && !isSame ?',
      test: 'session/session-beginnings.test.ts',
    },
  ]),
  ...inFile('session/session-records.ts', [
    {
      id: 'N-41',
      what: 'a session that may be missing from its indexes is none',
      text: 'await store.addToIndexes(names, key, indexedForMs);',
      becomes: 'void indexedForMs;',
      also: [
        {
          file: 'session/session-records.ts',
          text: 'store.keepInIndexes(names, entry, indexes.openMarks)',
          becomes: 'store.keepInIndexes(names, entry, indexes.openMarks).catch(() => [])',
        },
      ],
      test: 'session/session-beginnings.test.ts',
    },
  ]),
];
