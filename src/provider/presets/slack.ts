import { checkString } from '../../options/option-checks.ts';
import { optional, type Table, withDefault } from '../../options/option-table.ts';
import type { ProviderDefinition } from '../../provider-definition.ts';
import { COMMON_OPTIONS, checkScope, readProviderOptions } from '../preset-options.ts';
import { CLIENT_OPTIONS, type ClientOptions, definePreset, type PresetFacts } from './preset.ts';

/** Options of {@link slack}. */
export interface SlackOptions extends ClientOptions {
  /** The id of the one workspace that people must come from, such as `T0123ABCD`: who comes from another is refused. @default any workspace */
  team?: string;
  /** Scopes; must hold `openid`. @default 'openid profile email' */
  scope?: string;
}

/** The options of `providers.slack()`. */
export const SLACK_OPTIONS = {
  ...CLIENT_OPTIONS,
  team: optional(checkString, { defaultIs: 'any workspace', aliases: ['teamId', 'team_id', 'workspace'] }),
  scope: withDefault(checkScope, 'openid profile email', { aliases: ['scopes'] }),
  ...COMMON_OPTIONS,
} satisfies Table<SlackOptions>;

/** What Slack documents. */
export const SLACK: PresetFacts = {
  name: 'slack',
  documentation: [
    'https://docs.slack.dev/authentication/sign-in-with-slack/',
    'https://docs.slack.dev/reference/methods/openid.connect.token/',
  ],
  readOn: '2026-11-27',
  clientAuthentication: 'client_secret_post',
  // Its revocation is a method of its API, not that of RFC 7009.
  capabilities: { logout: false, revocation: false, silentLogin: false, acr: false },
  // Without token rotation they do not end: as long as a session may last, and longer.
  defaults: { defaultExpiresInSeconds: 365 * 24 * 3600 },
  quirks: { errorStatus: 'any' },
};

/** The claim that names the workspace. */
const TEAM_CLAIM = 'https://slack.com/team_id';

/**
 * Sign in with Slack. `claims['https://slack.com/team_id']` names the workspace. There is no logout at Slack, and there
 * are refresh tokens only for apps with token rotation.
 *
 * @throws ConfigurationError naming the option and what it must be.
 * @see [Sign in with Slack](https://docs.slack.dev/authentication/sign-in-with-slack/)
 */
export function slack(options: SlackOptions): ProviderDefinition {
  const call = 'providers.slack()';
  const given = readProviderOptions(call, options, SLACK_OPTIONS);
  const { team, scope } = given;
  return definePreset(
    SLACK,
    { call, options, given },
    {
      issuer: 'https://slack.com',
      scope,
      requiredClaims: team === undefined ? undefined : Object.freeze({ [TEAM_CLAIM]: team }),
      authorizationParams: team === undefined ? {} : { team },
    },
  );
}
