import type { LoginRecords, StoredSession } from '../../src/store/store.ts';

/** What a login writes. Its tokens are every byte there is. */
export const login: LoginRecords = {
  identity: '{"sub":"ada"}',
  data: '{"cart":3}',
  tokens: Buffer.from(Array.from({ length: 256 }, (_, byte) => byte)),
};

/** What is read where nobody is. */
export const nothing: StoredSession = {
  login: undefined,
  data: null,
  movedTo: undefined,
  unreadable: undefined,
};
