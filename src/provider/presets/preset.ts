import { ConfigurationError } from '../../errors.ts';
import { checkString } from '../../options/option-checks.ts';
import { optional, type Resolved, required, type Table } from '../../options/option-table.ts';
import type {
  ClientAuthentication,
  ProviderCapabilities,
  ProviderDefinition,
  ProviderQuirks,
} from '../../provider-definition.ts';
import {
  type COMMON_OPTIONS,
  type CommonProviderOptions,
  checkClientSecret,
  pickCommon,
  STANDARD_CAPABILITIES,
} from '../preset-options.ts';
import { completeQuirks } from '../quirk-options.ts';

/** What the documentation of a provider says, as data. What is left out is as the standards say. */
export interface PresetFacts {
  /** As in `providers`. */
  readonly name: string;
  /** Pages of the provider that say so. */
  readonly documentation: readonly string[];
  /** The day they were read. */
  readonly readOn: string;
  /** How a client with a secret proves itself. */
  readonly clientAuthentication: Exclude<ClientAuthentication, 'none'>;
  readonly quirks?: ProviderQuirks;
  /** What it can do; `false` is what cannot be had, and is never asked for. */
  readonly capabilities?: Partial<ProviderCapabilities>;
  /** Parameters of each authorization request. */
  readonly authorizationParams?: Readonly<Record<string, string>>;
  /** What those options are that every preset has, where an application does not give them. */
  readonly defaults?: Partial<Resolved<typeof COMMON_OPTIONS>>;
}

/** The two that every client has. */
export interface ClientOptions extends CommonProviderOptions {
  /** The id that the provider knows this application by. */
  clientId: string;
  /** The secret that the provider gave with it. */
  clientSecret: string;
}

/** The table of {@link ClientOptions}, without those that every preset has. */
export const CLIENT_OPTIONS = {
  clientId: required(checkString, { aliases: ['client_id', 'clientID'] }),
  clientSecret: required(checkString, { aliases: ['client_secret'] }),
} satisfies Pick<Table<ClientOptions>, 'clientId' | 'clientSecret'>;

/** The secret of a client that may be a public one. */
export const OPTIONAL_SECRET = optional(checkString, { defaultIs: 'none', aliases: ['client_secret'] });

/** What the options of one preset make of a definition, beside the facts. */
export interface OwnPart extends Partial<Omit<ProviderDefinition, 'quirks' | 'capabilities'>> {
  readonly issuer: string;
  readonly scope: string;
  readonly quirks?: ProviderQuirks;
  readonly capabilities?: Partial<ProviderCapabilities>;
}

/** The options of a preset, as they were written and as they were read. */
export interface PresetOptions {
  /** How messages name the preset, such as `providers.google()`. */
  readonly call: string;
  readonly options: object;
  readonly given: Resolved<typeof COMMON_OPTIONS> & { clientId: string; clientSecret?: string | undefined };
}

/**
 * Makes a definition out of the facts of a provider and the options of an application. Where both speak, the options
 * win, but for `authorizationParams`, which are added up.
 *
 * @throws ConfigurationError naming the option and what it must be.
 */
export function definePreset(
  facts: PresetFacts,
  { call, options, given }: PresetOptions,
  own: OwnPart,
): ProviderDefinition {
  const { clientId, clientSecret } = given;
  const identity = own.identity ?? { from: 'id_token', algorithm: 'RS256' };
  return Object.freeze({
    preset: facts.name,
    metadata: undefined,
    clientId,
    clientAuthentication: clientSecret === undefined ? 'none' : facts.clientAuthentication,
    refuseMissingScopes: false,
    implicit: false,
    responseMode: 'query',
    popupRedirectUri: undefined,
    trustedAudiences: Object.freeze([]),
    ...pickCommon(call, options, given),
    ...pickUngiven(facts.defaults, options),
    ...own,
    clientSecret:
      own.clientSecret ??
      checkClientSecret(
        `${call}: clientSecret`,
        clientSecret,
        identity.from === 'user_api' ? 'RS256' : identity.algorithm,
      ),
    identity: Object.freeze(identity),
    authorizationParams: Object.freeze({
      ...facts.authorizationParams,
      ...own.authorizationParams,
      ...given.authorizationParams,
    }),
    quirks: completeQuirks({ ...facts.quirks, ...own.quirks }),
    capabilities: Object.freeze({ ...STANDARD_CAPABILITIES, ...facts.capabilities, ...own.capabilities }),
  });
}

/** A host such as `acme.okta.com`; what stands around it in an address bar is left away. */
export function checkHost(where: string, value: unknown): string {
  const text = checkString(where, value)
    .replace(/^https:\/\//, '')
    .replace(/\/$/, '');
  const url = URL.canParse(`https://${text}`) ? new URL(`https://${text}`) : undefined;
  if (url?.host === text.toLowerCase()) return url.host;
  throw new ConfigurationError(`${where} must be the name of a host, such as "login.example.com".`);
}

function pickUngiven<T extends object>(defaults: T | undefined, options: object): Partial<T> {
  const given = options as Record<string, unknown>;
  const entries = Object.entries(defaults ?? {}).filter(([name]) => given[name] === undefined);
  return Object.fromEntries(entries) as Partial<T>;
}
