import { ConfigurationError } from '../errors.ts';

/** What a provider is asked for. */
export type TestEndpoint =
  | 'discovery'
  | 'jwks'
  | 'authorization'
  | 'token'
  | 'userinfo'
  | 'revocation'
  | 'logout';

/**
 * What a test provider can be made to do wrong.
 *
 * Anywhere, at the token endpoint unless `at` says otherwise: `slow` answers after `delayMs`; `server_error` by 500;
 * `not_json` by a page; `unreachable` cuts the connection. Of the token endpoint: `invalid_grant` and `invalid_client`
 * refuse; `no_refresh_token` and `no_id_token` leave it out; `wrong_signature`, `wrong_nonce`, `wrong_issuer`,
 * `wrong_audience`, `wrong_subject` and `expired` make an ID token that must be refused. Of the authorization endpoint:
 * `access_denied` and `login_required` send the browser back without a login, `wrong_state` with a state of its own.
 */
export type TestFault = keyof typeof FAULTS;

/** How a fault shows itself. */
export interface TestFaultOptions {
  /** Which endpoint has it, for the faults that any can have. @default 'token' */
  at?: TestEndpoint;
  /** How many requests meet it. @default all, until it is switched off */
  times?: number;
  /** Of `slow`: how long it takes, in milliseconds. @default 10000 */
  delayMs?: number;
}

/** The faults of one provider. */
export interface ProviderFaults {
  switchOn(fault: TestFault, options?: TestFaultOptions): void;
  /** Switches one off, wherever it is; without a name all. */
  switchOff(fault?: TestFault): void;
  /** Takes one request's share of a fault, where it is switched on there. */
  meet(fault: TestFault, at: TestEndpoint): { readonly delayMs: number } | undefined;
}

/** Where each can be. */
const FAULTS = Object.freeze({
  slow: 'any',
  server_error: 'any',
  not_json: 'any',
  unreachable: 'any',
  invalid_grant: 'token',
  invalid_client: 'token',
  no_refresh_token: 'token',
  no_id_token: 'token',
  wrong_signature: 'token',
  wrong_nonce: 'token',
  wrong_issuer: 'token',
  wrong_audience: 'token',
  wrong_subject: 'token',
  expired: 'token',
  access_denied: 'authorization',
  login_required: 'authorization',
  wrong_state: 'authorization',
});

const DEFAULT_DELAY_MS = 10_000;

/** Makes them, all switched off. */
export function createProviderFaults(): ProviderFaults {
  const present = new Map<string, { left: number; readonly delayMs: number }>();
  return {
    switchOn: (
      fault,
      { at = 'token', times = Number.POSITIVE_INFINITY, delayMs = DEFAULT_DELAY_MS } = {},
    ) => {
      if (!Object.hasOwn(FAULTS, fault)) {
        const known = Object.keys(FAULTS).join(', ');
        throw new ConfigurationError(`There is no fault ${JSON.stringify(fault)}. Faults are: ${known}.`);
      }
      const place = FAULTS[fault];
      present.set(`${fault} ${place === 'any' ? at : place}`, { left: times, delayMs });
    },
    switchOff: (fault) => {
      for (const key of present.keys())
        if (fault === undefined || key.startsWith(`${fault} `)) present.delete(key);
    },
    meet: (fault, at) => {
      const found = present.get(`${fault} ${at}`);
      if (!found || found.left <= 0) return undefined;
      found.left -= 1;
      return found;
    },
  };
}
