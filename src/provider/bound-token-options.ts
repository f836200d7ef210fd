import { checkBoolean } from '../options/option-checks.ts';
import { type Table, withDefault } from '../options/option-table.ts';

/** The option of those providers that bind tokens to a key by what they document. */
export const BOUND_TOKEN_OPTIONS = {
  dpop: withDefault(checkBoolean, false, { aliases: ['useDpop', 'DPoP'] }),
} satisfies Table<{ dpop?: boolean }>;
