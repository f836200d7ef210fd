import { checkString } from '../../options/option-checks.ts';
import { type Table, withDefault } from '../../options/option-table.ts';
import type { ProviderDefinition } from '../../provider-definition.ts';
import { defineOAuth2 } from '../oauth2.ts';
import { COMMON_OPTIONS, checkOrigin, readProviderOptions } from '../preset-options.ts';
import { CLIENT_OPTIONS, type ClientOptions, type PresetFacts } from './preset.ts';

/** Options of {@link github}. */
export interface GithubOptions extends ClientOptions {
  /** Scopes. `user:email` brings the primary e-mail address also of those who hide it. @default 'read:user user:email' */
  scope?: string;
  /** The server: yours, when it is GitHub Enterprise Server. @default 'https://github.com' */
  origin?: string;
}

/** The options of `providers.github()`. */
export const GITHUB_OPTIONS = {
  ...CLIENT_OPTIONS,
  scope: withDefault(checkString, 'read:user user:email', { aliases: ['scopes'] }),
  origin: withDefault(checkOrigin, 'https://github.com', { aliases: ['baseUrl', 'domain', 'url'] }),
  ...COMMON_OPTIONS,
} satisfies Table<GithubOptions>;

/** What GitHub documents. */
export const GITHUB: PresetFacts = {
  name: 'github',
  documentation: [
    'https://docs.github.com/en/apps/oauth-apps/building-oauth-apps/authorizing-oauth-apps',
    'https://docs.github.com/en/rest/users/users#get-the-authenticated-user',
    'https://docs.github.com/en/rest/users/emails',
    'https://docs.github.com/en/apps/oauth-apps/maintaining-oauth-apps/troubleshooting-oauth-app-access-token-request-errors',
  ],
  readOn: '2026-11-27',
  clientAuthentication: 'client_secret_post',
  quirks: { scopeSeparator: ',' },
  // Tokens of an OAuth app do not end; those of a GitHub App say when, and come with a refresh token.
  defaults: { defaultExpiresInSeconds: 365 * 24 * 3600 },
};

/**
 * GitHub: an OAuth app, or a GitHub App that people authorise. `sub` is the number of the account, which stays when the
 * name (`claims.login`) changes. There is no logout at GitHub, and nothing is revoked: that would take the authorisation of
 * the application on every device.
 *
 * @throws ConfigurationError naming the option and what it must be.
 * @see [GitHub, authorizing OAuth apps](https://docs.github.com/en/apps/oauth-apps/building-oauth-apps/authorizing-oauth-apps)
 */
export function github(options: GithubOptions): ProviderDefinition {
  const call = 'providers.github()';
  const given = readProviderOptions(call, options, GITHUB_OPTIONS);
  const { origin, scope } = given;
  const api = origin === 'https://github.com' ? 'https://api.github.com' : `${origin}/api/v3`;
  return defineOAuth2(
    GITHUB,
    { call, options, given },
    {
      issuer: origin,
      scope,
      metadata: Object.freeze({
        authorization_endpoint: `${origin}/login/oauth/authorize`,
        token_endpoint: `${origin}/login/oauth/access_token`,
      }),
      userApi: {
        from: 'user_api',
        algorithm: 'none',
        url: `${api}/user`,
        headers: Object.freeze({
          accept: 'application/vnd.github+json',
          'x-github-api-version': '2022-11-28',
        }),
        sub: 'id',
        claims: Object.freeze({
          name: 'name',
          preferred_username: 'login',
          picture: 'avatar_url',
          profile: 'html_url',
        }),
        emails: Object.freeze({ url: `${api}/user/emails`, scope: 'user:email' }),
      },
    },
  );
}
