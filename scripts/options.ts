// npx tsx scripts/options.ts
//
// Writes docs/options.md: every option with its default, from the tables that check them, and what it is for, from the
// comment that editors show.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CHECK_OPTIONS } from '../src/check/check-options.ts';
import { BRAND_OPTIONS, PROVIDER_BRAND } from '../src/options/brand-options.ts';
import { CLOSE_OPTIONS } from '../src/options/close-options.ts';
import { CONNECT_AUTH_OPTIONS, LOGIN_PARAMETER_OPTIONS } from '../src/options/connect-auth-options.ts';
import { BEARER_RULES, GUARD_RULES } from '../src/options/guard-options.ts';
import {
  ACCESS_TOKEN_OPTIONS,
  LOGIN_PARAMETERS,
  LOGOUT_PARAMETERS,
  SILENT_LOGIN_PARAMETERS,
} from '../src/options/login-options.ts';
import type { AnyTable, Field } from '../src/options/option-table.ts';
import { PAGE_OPTIONS } from '../src/options/page-options.ts';
import { ROUTE_OPTIONS } from '../src/options/route-options.ts';
import { SESSION_OPTIONS } from '../src/options/session-options.ts';
import { CONNECTIS_OPTIONS } from '../src/provider/connectis.ts';
import { DID_OPTIONS } from '../src/provider/did.ts';
import { FEWLINES_OPTIONS } from '../src/provider/fewlines.ts';
import { OAUTH2_METADATA, OAUTH2_OPTIONS, USER_API_OPTIONS } from '../src/provider/oauth2.ts';
import { OIDC_OPTIONS, OIDC_QUIRKS } from '../src/provider/oidc.ts';
import { COMMON_OPTIONS, METADATA } from '../src/provider/preset-options.ts';
import { APPLE_OPTIONS } from '../src/provider/presets/apple.ts';
import { AUTH0_OPTIONS } from '../src/provider/presets/auth0.ts';
import { AUTHENTIK_OPTIONS } from '../src/provider/presets/authentik.ts';
import { AZURE_B2C_OPTIONS } from '../src/provider/presets/azure-b2c.ts';
import { COGNITO_OPTIONS } from '../src/provider/presets/cognito.ts';
import { DISCORD_OPTIONS } from '../src/provider/presets/discord.ts';
import { ENTRA_OPTIONS } from '../src/provider/presets/entra.ts';
import { ENTRA_EXTERNAL_ID_OPTIONS } from '../src/provider/presets/entra-external-id.ts';
import { FRANCECONNECT_OPTIONS } from '../src/provider/presets/france-connect.ts';
import { GITHUB_OPTIONS } from '../src/provider/presets/github.ts';
import { GITLAB_OPTIONS } from '../src/provider/presets/gitlab.ts';
import { GOOGLE_OPTIONS } from '../src/provider/presets/google.ts';
import { KEYCLOAK_OPTIONS } from '../src/provider/presets/keycloak.ts';
import { LINKEDIN_OPTIONS } from '../src/provider/presets/linkedin.ts';
import { LOGIN_GOV_OPTIONS } from '../src/provider/presets/login-gov.ts';
import { OKTA_OPTIONS } from '../src/provider/presets/okta.ts';
import { PROCONNECT_OPTIONS } from '../src/provider/presets/pro-connect.ts';
import { SALESFORCE_OPTIONS } from '../src/provider/presets/salesforce.ts';
import { SLACK_OPTIONS } from '../src/provider/presets/slack.ts';
import { ZITADEL_OPTIONS } from '../src/provider/presets/zitadel.ts';
import { TELENOR_OPTIONS } from '../src/provider/telenor.ts';
import { SESSION_LIST_OPTIONS } from '../src/user/auth-sessions.ts';

const root = join(import.meta.dirname, '..');

/** A table of options, and where the comments on them are: an interface of a file below src/. */
interface Section {
  readonly title: string;
  readonly table: AnyTable;
  readonly interfaces: readonly (readonly [file: string, name: string])[];
}

const COMMON = ['provider/preset-options.ts', 'CommonProviderOptions'] as const;
const DEMANDS = ['request-types.ts', 'LoginParameters'] as const;

export const sections: readonly Section[] = [
  section('connectAuth()', CONNECT_AUTH_OPTIONS, ['options/options.ts', 'ConnectAuthOptions']),
  section('connectAuth(): routes', ROUTE_OPTIONS, ['options/options.ts', 'RouteOptions']),
  section('connectAuth(): session', SESSION_OPTIONS, ['options/options.ts', 'SessionOptions']),
  section('connectAuth(): loginParameters', LOGIN_PARAMETER_OPTIONS, [
    'options/options.ts',
    'LoginParameterOptions',
  ]),
  section('connectAuth(): pages', PAGE_OPTIONS, ['page-types.ts', 'PageOptions']),
  section('connectAuth(): pages.brand', BRAND_OPTIONS, ['page-types.ts', 'BrandOptions']),
  section('connectAuth(): pages.providers', PROVIDER_BRAND, ['page-types.ts', 'ProviderBrand']),
  section('requireAuth()', GUARD_RULES, DEMANDS, ['guard-types.ts', 'AuthRules']),
  section('requireAuth(): bearer', BEARER_RULES, ['guard-types.ts', 'BearerRules']),
  section('req.auth.login()', LOGIN_PARAMETERS, DEMANDS),
  section('req.auth.trySilentLogin()', SILENT_LOGIN_PARAMETERS, [
    'request-types.ts',
    'SilentLoginParameters',
  ]),
  section('req.auth.logout()', LOGOUT_PARAMETERS, ['request-types.ts', 'LogoutParameters']),
  section('req.auth.getAccessToken()', ACCESS_TOKEN_OPTIONS, ['request-types.ts', 'AccessTokenOptions']),
  section('auth.sessions.list()', SESSION_LIST_OPTIONS, ['user/auth-sessions.ts', 'SessionListOptions']),
  section('auth.check()', CHECK_OPTIONS, ['check/check-options.ts', 'CheckOptions']),
  section('auth.close()', CLOSE_OPTIONS, ['options/close-options.ts', 'CloseOptions']),
  section('Every provider', COMMON_OPTIONS, COMMON),
  section('providers.oidc()', OIDC_OPTIONS, ['provider/oidc.ts', 'OidcOptions'], COMMON),
  section('providers.oidc(): metadata', METADATA, ['provider-definition.ts', 'ProviderMetadata']),
  section(
    'providers.oidc(): quirks',
    OIDC_QUIRKS,
    ['provider-definition.ts', 'ProviderQuirks'],
    ['provider/oidc.ts', 'OidcQuirks'],
  ),
  section('providers.oauth2()', OAUTH2_OPTIONS, COMMON, ['provider/oauth2.ts', 'OAuth2Options']),
  section('providers.oauth2(): metadata', OAUTH2_METADATA, ['provider-definition.ts', 'ProviderMetadata']),
  section('providers.oauth2(): userApi', USER_API_OPTIONS, ['provider/oauth2.ts', 'UserApiOptions']),
  preset('apple', APPLE_OPTIONS, 'apple', 'AppleOptions'),
  preset('auth0', AUTH0_OPTIONS, 'auth0', 'Auth0Options'),
  preset('authentik', AUTHENTIK_OPTIONS, 'authentik', 'AuthentikOptions'),
  preset('azureB2c', AZURE_B2C_OPTIONS, 'azure-b2c', 'AzureB2cOptions'),
  preset('cognito', COGNITO_OPTIONS, 'cognito', 'CognitoOptions'),
  preset('discord', DISCORD_OPTIONS, 'discord', 'DiscordOptions'),
  preset('entra', ENTRA_OPTIONS, 'entra', 'EntraOptions'),
  preset('entraExternalId', ENTRA_EXTERNAL_ID_OPTIONS, 'entra-external-id', 'EntraExternalIdOptions'),
  preset('franceConnect', FRANCECONNECT_OPTIONS, 'france-connect', 'FranceConnectOptions'),
  preset('github', GITHUB_OPTIONS, 'github', 'GithubOptions'),
  preset('gitlab', GITLAB_OPTIONS, 'gitlab', 'GitlabOptions'),
  preset('google', GOOGLE_OPTIONS, 'google', 'GoogleOptions'),
  preset('keycloak', KEYCLOAK_OPTIONS, 'keycloak', 'KeycloakOptions'),
  preset('linkedin', LINKEDIN_OPTIONS, 'linkedin', 'LinkedinOptions'),
  preset('loginGov', LOGIN_GOV_OPTIONS, 'login-gov', 'LoginGovOptions'),
  preset('okta', OKTA_OPTIONS, 'okta', 'OktaOptions'),
  preset('proConnect', PROCONNECT_OPTIONS, 'pro-connect', 'ProConnectOptions'),
  preset('salesforce', SALESFORCE_OPTIONS, 'salesforce', 'SalesforceOptions'),
  preset('slack', SLACK_OPTIONS, 'slack', 'SlackOptions'),
  preset('zitadel', ZITADEL_OPTIONS, 'zitadel', 'ZitadelOptions'),
  section('providers.fewlines()', FEWLINES_OPTIONS, ['provider/fewlines.ts', 'FewlinesOptions'], COMMON),
  section('providers.telenor()', TELENOR_OPTIONS, ['provider/telenor.ts', 'TelenorOptions'], COMMON),
  section('providers.connectis()', CONNECTIS_OPTIONS, ['provider/connectis.ts', 'ConnectisOptions'], COMMON),
  section('providers.did()', DID_OPTIONS, ['provider/did.ts', 'DidOptions'], COMMON),
];

/** One of src/provider/presets/, whose options begin with those of every client. */
function preset(name: string, table: AnyTable, file: string, options: string): Section {
  const CLIENT = ['provider/presets/preset.ts', 'ClientOptions'] as const;
  return section(`providers.${name}()`, table, COMMON, CLIENT, [`provider/presets/${file}.ts`, options]);
}

function section(title: string, table: AnyTable, ...interfaces: Section['interfaces']): Section {
  return { title, table, interfaces };
}

/** What the comment on an option says. */
export interface OptionComment {
  readonly text: string;
  /** What stands behind `@default`; `undefined` without one. */
  readonly default: string | undefined;
}

/** The comments on the members of the interfaces, by the members' names. */
export function readComments(interfaces: Section['interfaces']): ReadonlyMap<string, OptionComment> {
  return new Map(interfaces.flatMap(([file, name]) => readInterface(file, name)));
}

function readInterface(file: string, name: string): [string, OptionComment][] {
  const source = readFileSync(join(root, 'src', file), 'utf8');
  const body = new RegExp(`^export interface ${name}\\b.*?^}`, 'ms').exec(source)?.[0] ?? '';
  const members = body.matchAll(/(?:\/\*\*((?:(?!\*\/).)*)\*\/\s*)?^ {2}(\w+)\??:/gms);
  return [...members].map(([, comment = '', member]) => [member!, readComment(comment)]);
}

function readComment(comment: string): OptionComment {
  const lines = comment.replace(/^\s*\* ?/gm, '').replace(/\s+/g, ' ');
  const [text = '', ...tags] = lines.split(/ ?@(?=default|see)/);
  const given = tags.find((tag) => tag.startsWith('default'));
  return { text: text.trim(), default: given?.slice('default'.length).trim() };
}

/** The default of an option as its comment must say it; `undefined` for one that must be given. */
export function printDefault(field: Field<unknown>): string | undefined {
  if (field.defaultIs !== undefined) return field.defaultIs;
  if (!('default' in field)) return undefined;
  if (field.default === undefined) return 'none';
  return typeof field.default === 'string' ? `'${field.default}'` : JSON.stringify(field.default);
}

export const documentPath = join(root, 'docs', 'options.md');

/** Writes the document. */
export function writeDocument(): string {
  const tables = sections.map(({ title, table, interfaces }) => {
    const comments = readComments(interfaces);
    const isPreset = title.startsWith('providers.');
    const rows = Object.entries(table)
      .filter(([name]) => !(isPreset && name in COMMON_OPTIONS))
      .map(([name, field]) => {
        const comment = comments.get(name);
        const value = comment?.default ?? printDefault(field) ?? '*must be given*';
        return `| \`${name}\` | ${escapeCell(value)} | ${escapeCell(comment?.text ?? '')} |`;
      });
    return [`## ${title}`, '', '| option | default | what it is for |', '| --- | --- | --- |', ...rows].join(
      '\n',
    );
  });
  return `${[INTRODUCTION, ...tables].join('\n\n')}\n`;
}

const INTRODUCTION = `# Options

Every option, with its default. An unknown one is refused, with the name that was meant; a wrong one by what it must be.
\`npx tsx scripts/options.ts\` writes this page from the tables that check the options and the comments that editors show.`;

function escapeCell(text: string): string {
  return text.replaceAll('|', '\\|');
}

if (process.argv[1] === import.meta.filename) writeFileSync(documentPath, writeDocument());
