import type { AnyTable } from '../options/option-table.ts';
import { CONNECTIS_OPTIONS } from '../provider/connectis.ts';
import { DID_OPTIONS } from '../provider/did.ts';
import { FEWLINES_OPTIONS } from '../provider/fewlines.ts';
import { OIDC_OPTIONS } from '../provider/oidc.ts';
import { APPLE, APPLE_OPTIONS } from '../provider/presets/apple.ts';
import { AUTH0, AUTH0_OPTIONS } from '../provider/presets/auth0.ts';
import { AUTHENTIK, AUTHENTIK_OPTIONS } from '../provider/presets/authentik.ts';
import { AZURE_B2C, AZURE_B2C_OPTIONS } from '../provider/presets/azure-b2c.ts';
import { COGNITO, COGNITO_OPTIONS } from '../provider/presets/cognito.ts';
import { DISCORD, DISCORD_OPTIONS } from '../provider/presets/discord.ts';
import { ENTRA, ENTRA_OPTIONS } from '../provider/presets/entra.ts';
import { ENTRA_EXTERNAL_ID, ENTRA_EXTERNAL_ID_OPTIONS } from '../provider/presets/entra-external-id.ts';
import { FRANCECONNECT, FRANCECONNECT_OPTIONS } from '../provider/presets/france-connect.ts';
import { GITHUB, GITHUB_OPTIONS } from '../provider/presets/github.ts';
import { GITLAB, GITLAB_OPTIONS } from '../provider/presets/gitlab.ts';
import { GOOGLE, GOOGLE_OPTIONS } from '../provider/presets/google.ts';
import { KEYCLOAK, KEYCLOAK_OPTIONS } from '../provider/presets/keycloak.ts';
import { LINKEDIN, LINKEDIN_OPTIONS } from '../provider/presets/linkedin.ts';
import { LOGIN_GOV, LOGIN_GOV_OPTIONS } from '../provider/presets/login-gov.ts';
import { OKTA, OKTA_OPTIONS } from '../provider/presets/okta.ts';
import type { PresetFacts } from '../provider/presets/preset.ts';
import { PROCONNECT, PROCONNECT_OPTIONS } from '../provider/presets/pro-connect.ts';
import { SALESFORCE, SALESFORCE_OPTIONS } from '../provider/presets/salesforce.ts';
import { SLACK, SLACK_OPTIONS } from '../provider/presets/slack.ts';
import { ZITADEL, ZITADEL_OPTIONS } from '../provider/presets/zitadel.ts';
import { TELENOR_OPTIONS } from '../provider/telenor.ts';

/** What an application at a provider has to be given. */
export interface InitPreset {
  /** As in `providers`. */
  readonly name: string;
  /** The options to fill in, in the order of its table. */
  readonly options: readonly string[];
  /** Where at the provider the addresses are registered. */
  readonly where: string;
  /** Pages of the provider that say more. */
  readonly documentation: readonly string[];
}

interface Row {
  readonly table: AnyTable;
  readonly where: string;
  readonly facts?: PresetFacts;
  /** What is asked for beside what the table demands. @default the client secret, where the table has one */
  readonly more?: readonly string[];
}

const AT_THE_PROVIDER = 'where the provider keeps this client';

const ROWS: Readonly<Record<string, Row>> = {
  oidc: { table: OIDC_OPTIONS, where: AT_THE_PROVIDER },
  keycloak: { table: KEYCLOAK_OPTIONS, facts: KEYCLOAK, where: 'Clients > your client > Settings' },
  google: { table: GOOGLE_OPTIONS, facts: GOOGLE, where: 'Google Auth Platform > Clients' },
  entra: {
    table: ENTRA_OPTIONS,
    facts: ENTRA,
    more: ['tenant'],
    where: 'App registrations > your application > Authentication, platform Web',
  },
  okta: { table: OKTA_OPTIONS, facts: OKTA, where: 'Applications > your application > General' },
  auth0: { table: AUTH0_OPTIONS, facts: AUTH0, where: 'Applications > your application > Settings' },
  cognito: { table: COGNITO_OPTIONS, facts: COGNITO, where: 'App clients > your client > Login pages' },
  github: { table: GITHUB_OPTIONS, facts: GITHUB, where: 'Settings > Developer settings > OAuth Apps' },
  gitlab: { table: GITLAB_OPTIONS, facts: GITLAB, where: 'User settings > Applications' },
  apple: { table: APPLE_OPTIONS, facts: APPLE, where: 'Identifiers > your Services ID > Sign in with Apple' },
  zitadel: { table: ZITADEL_OPTIONS, facts: ZITADEL, where: 'Projects > your project > Applications' },
  authentik: { table: AUTHENTIK_OPTIONS, facts: AUTHENTIK, where: 'Applications > Providers' },
  salesforce: { table: SALESFORCE_OPTIONS, facts: SALESFORCE, where: 'Setup > External Client App Manager' },
  slack: { table: SLACK_OPTIONS, facts: SLACK, where: 'api.slack.com/apps > your app > OAuth & Permissions' },
  linkedin: { table: LINKEDIN_OPTIONS, facts: LINKEDIN, where: 'linkedin.com/developers > your app > Auth' },
  discord: { table: DISCORD_OPTIONS, facts: DISCORD, where: 'discord.com/developers > your app > OAuth2' },
  entraExternalId: {
    table: ENTRA_EXTERNAL_ID_OPTIONS,
    facts: ENTRA_EXTERNAL_ID,
    where: 'App registrations > your application > Authentication, platform Web',
  },
  azureB2c: {
    table: AZURE_B2C_OPTIONS,
    facts: AZURE_B2C,
    where: 'App registrations > your application > Authentication, platform Web',
  },
  franceConnect: { table: FRANCECONNECT_OPTIONS, facts: FRANCECONNECT, where: "the partners' area" },
  proConnect: { table: PROCONNECT_OPTIONS, facts: PROCONNECT, where: "the partners' area" },
  loginGov: { table: LOGIN_GOV_OPTIONS, facts: LOGIN_GOV, where: 'the Partner Portal' },
  fewlines: { table: FEWLINES_OPTIONS, where: AT_THE_PROVIDER },
  telenor: { table: TELENOR_OPTIONS, where: AT_THE_PROVIDER },
  connectis: { table: CONNECTIS_OPTIONS, where: AT_THE_PROVIDER },
  did: { table: DID_OPTIONS, where: AT_THE_PROVIDER },
};

/** Names every preset that an application can be written for. */
export function listPresets(): readonly string[] {
  return Object.keys(ROWS);
}

/** Finds one by its name, in any case of letters; `undefined`: there is none. */
export function findPreset(given: string): InitPreset | undefined {
  const name = listPresets().find((each) => each.toLowerCase() === given.toLowerCase());
  if (name === undefined) return undefined;
  const { table, where, facts, more } = ROWS[name]!;
  const isAsked = (option: string) =>
    !('default' in table[option]!) || (more ?? []).includes(option) || option === 'clientSecret';
  return {
    name,
    options: Object.keys(table).filter(isAsked),
    where,
    documentation: facts?.documentation ?? [],
  };
}
