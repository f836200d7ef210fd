import { ConfigurationError } from '../../errors.ts';
import { checkString } from '../../options/option-checks.ts';
import { type Table, withDefault } from '../../options/option-table.ts';
import type { ProviderDefinition } from '../../provider-definition.ts';
import { defineOAuth2 } from '../oauth2.ts';
import { COMMON_OPTIONS, readProviderOptions } from '../preset-options.ts';
import { splitWords } from '../split-words.ts';
import { CLIENT_OPTIONS, type ClientOptions, type PresetFacts } from './preset.ts';

/** Options of {@link discord}. */
export interface DiscordOptions extends ClientOptions {
  /** Scopes; must hold `identify`. @default 'identify email' */
  scope?: string;
}

/** The options of `providers.discord()`. */
export const DISCORD_OPTIONS = {
  ...CLIENT_OPTIONS,
  scope: withDefault(checkDiscordScope, 'identify email', { aliases: ['scopes'] }),
  ...COMMON_OPTIONS,
} satisfies Table<DiscordOptions>;

/** What Discord documents. */
export const DISCORD: PresetFacts = {
  name: 'discord',
  documentation: [
    'https://discord.com/developers/docs/topics/oauth2',
    'https://discord.com/developers/docs/resources/user',
  ],
  readOn: '2026-11-27',
  clientAuthentication: 'client_secret_basic',
};

/**
 * Discord. `sub` is the id of the account. Access tokens live for a week, are renewed, and revoked at the end; there is no
 * logout at Discord.
 *
 * @throws ConfigurationError naming the option and what it must be.
 * @see [Discord, OAuth2](https://discord.com/developers/docs/topics/oauth2)
 */
export function discord(options: DiscordOptions): ProviderDefinition {
  const call = 'providers.discord()';
  const given = readProviderOptions(call, options, DISCORD_OPTIONS);
  return defineOAuth2(
    DISCORD,
    { call, options, given },
    {
      issuer: 'https://discord.com',
      scope: given.scope,
      metadata: Object.freeze({
        authorization_endpoint: 'https://discord.com/oauth2/authorize',
        token_endpoint: 'https://discord.com/api/oauth2/token',
        revocation_endpoint: 'https://discord.com/api/oauth2/token/revoke',
      }),
      userApi: {
        from: 'user_api',
        algorithm: 'none',
        url: 'https://discord.com/api/users/@me',
        headers: Object.freeze({}),
        sub: 'id',
        claims: Object.freeze({
          name: 'global_name',
          preferred_username: 'username',
          email_verified: 'verified',
        }),
      },
    },
  );
}

function checkDiscordScope(where: string, value: unknown): string {
  const words = splitWords(checkString(where, value));
  if (words.includes('identify')) return words.join(' ');
  throw new ConfigurationError(
    `${where} must hold "identify"; without it Discord does not say who somebody is.`,
  );
}
