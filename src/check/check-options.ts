import { ConfigurationError } from '../errors.ts';
import { checkBoolean, checkString, numberFrom } from '../options/option-checks.ts';
import { optional, type Table, withDefault } from '../options/option-table.ts';

/** What `auth.check()` looks at beside the options. */
export interface CheckOptions {
  /**
   * The address that browsers open, to send sample requests to: the application must run there, with the same secret. What
   * arrives is compared with what was sent: host, scheme, path and cookies. @default none are sent
   */
  url?: string;
  /** The tenant whose providers are looked at, where there are tenants. @default none */
  tenant?: string;
  /** Whether each provider gets one made-up code, so that the client has to prove itself. @default true */
  tryCredentials?: boolean;
  /** Bound of each part (Redis, a provider, the address), in milliseconds. @default 15000 */
  timeoutMs?: number;
}

/** The options of `auth.check()`. */
export const CHECK_OPTIONS = {
  url: optional(checkAddress, { defaultIs: 'none are sent' }),
  tenant: optional(checkString),
  tryCredentials: withDefault(checkBoolean, true),
  timeoutMs: withDefault(numberFrom(100, 120_000), 15_000),
} satisfies Table<CheckOptions>;

/** Plain http is what the check is there to find. Without a slash at its end. */
function checkAddress(where: string, value: unknown): string {
  const text = checkString(where, value);
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !/^https?:$/.test(url.protocol) || url.search || url.hash || url.username)
    throw new ConfigurationError(
      `${where} must be an address such as "https://app.example.com", without a query.`,
    );
  return url.origin + url.pathname.replace(/\/$/, '');
}
