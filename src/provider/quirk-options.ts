import { checkBoolean, checkString, oneOf, wholeNumberFrom } from '../options/option-checks.ts';
import { readOptions, type Table, withDefault } from '../options/option-table.ts';
import type { ProviderQuirks } from '../provider-definition.ts';

/** The quirks; each default is the standard. */
export const QUIRKS = {
  basicEncoding: withDefault(oneOf('form', 'raw'), 'form'),
  tokenParams: withDefault(oneOf('body', 'query'), 'body'),
  tokenType: withDefault(oneOf('required', 'optional'), 'required'),
  expiresInUnit: withDefault(oneOf('s', 'ms'), 's'),
  errorFormat: withDefault(oneOf('oauth', 'object'), 'oauth'),
  errorStatus: withDefault(oneOf('error', 'any'), 'error'),
  authorizationRequest: withDefault(oneOf('standard', 'bare'), 'standard'),
  responseIssuer: withDefault(oneOf('announced', 'optional'), 'announced'),
  pkce: withDefault(oneOf('S256', 'sha256', 'none'), 'S256', { aliases: ['usePKCE'] }),
  nonce: withDefault(checkBoolean, true),
  minimumKeyBits: withDefault(oneOf(1024, 2048), 2048),
  acr: withDefault(oneOf('listed', 'minimum'), 'listed'),
  // Our own state has 43 characters, and that of a login that begins anew one more.
  maxStateLength: withDefault(wholeNumberFrom(44, 65_536), 4096),
  browserSessionClaim: withDefault(checkClaimName, false),
  refreshScope: withDefault(checkBoolean, false),
  revocationHint: withDefault(checkBoolean, true),
  logoutHint: withDefault(oneOf<boolean | 'required'>(true, false, 'required'), true),
  logoutReturnParam: withDefault(checkString, 'post_logout_redirect_uri'),
  logoutState: withDefault(oneOf<boolean | 'required'>(true, false, 'required'), true),
  userinfo: withDefault(oneOf('endpoint', 'in_token_answer'), 'endpoint'),
  scopeSeparator: withDefault(oneOf(' ', ','), ' '),
} satisfies Table<ProviderQuirks>;

/** Completes the quirks that a preset has. */
export function completeQuirks(quirks: ProviderQuirks): Readonly<Required<ProviderQuirks>> {
  return readOptions('quirks', quirks, QUIRKS);
}

function checkClaimName(where: string, value: unknown): string | false {
  return value === false ? false : checkString(where, value);
}
