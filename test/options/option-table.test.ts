import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { documentPath, printDefault, readComments, sections, writeDocument } from '../../scripts/options.ts';
import type { AuthRules, BearerRules } from '../../src/guard-types.ts';
import { CONNECT_AUTH_OPTIONS, LOGIN_PARAMETER_OPTIONS } from '../../src/options/connect-auth-options.ts';
import { BEARER_RULES, GUARD_RULES } from '../../src/options/guard-options.ts';
import {
  ACCESS_TOKEN_OPTIONS,
  LOGIN_PARAMETERS,
  LOGOUT_PARAMETERS,
} from '../../src/options/login-options.ts';
import type { Table } from '../../src/options/option-table.ts';
import type {
  ConnectAuthOptions,
  LoginParameterOptions,
  RouteOptions,
  SessionOptions,
} from '../../src/options/options.ts';
import { ROUTE_OPTIONS } from '../../src/options/route-options.ts';
import { SESSION_OPTIONS } from '../../src/options/session-options.ts';
import { CONNECTIS_OPTIONS, type ConnectisOptions } from '../../src/provider/connectis.ts';
import { DID_OPTIONS, type DidOptions } from '../../src/provider/did.ts';
import { FEWLINES_OPTIONS, type FewlinesOptions } from '../../src/provider/fewlines.ts';
import { OIDC_OPTIONS, OIDC_QUIRKS, type OidcOptions, type OidcQuirks } from '../../src/provider/oidc.ts';
import { COMMON_OPTIONS, type CommonProviderOptions, METADATA } from '../../src/provider/preset-options.ts';
import { QUIRKS } from '../../src/provider/quirk-options.ts';
import { TELENOR_OPTIONS, type TelenorOptions } from '../../src/provider/telenor.ts';
import type { ProviderMetadata, ProviderQuirks } from '../../src/provider-definition.ts';
import type { AccessTokenOptions, LoginParameters, LogoutParameters } from '../../src/request-types.ts';

/** Takes the complete table of an options type; another does not compile. */
const complete = <Options>(_table: Table<Options>) => undefined;

const without = <Fields extends object, Name extends keyof Fields>(table: Fields, name: Name) => {
  const { [name]: _dropped, ...others } = table;
  return others as Omit<Fields, Name>;
};

describe('the tables of options', () => {
  it('are complete: tsc refuses one that lacks an option', () => {
    complete<ConnectAuthOptions>(CONNECT_AUTH_OPTIONS);
    // @ts-expect-error an option is missing
    complete<ConnectAuthOptions>(without(CONNECT_AUTH_OPTIONS, 'clearSiteData'));
    // @ts-expect-error an option is missing
    complete<LoginParameterOptions>(without(LOGIN_PARAMETER_OPTIONS, 'uiLocales'));
    // @ts-expect-error an option is missing
    complete<RouteOptions>(without(ROUTE_OPTIONS, 'afterLogout'));
    // @ts-expect-error an option is missing
    complete<SessionOptions>(without(SESSION_OPTIONS, 'describe'));
    // @ts-expect-error an option is missing
    complete<AuthRules>(without(GUARD_RULES, 'acrValues'));
    // @ts-expect-error an option is missing
    complete<BearerRules>(without(BEARER_RULES, 'audience'));
    // @ts-expect-error an option is missing
    complete<LoginParameters>(without(LOGIN_PARAMETERS, 'display'));
    // @ts-expect-error an option is missing
    complete<LogoutParameters>(without(LOGOUT_PARAMETERS, 'returnTo'));
    // @ts-expect-error an option is missing
    complete<AccessTokenOptions>(without(ACCESS_TOKEN_OPTIONS, 'minValiditySeconds'));
    // @ts-expect-error an option is missing
    complete<CommonProviderOptions>(without(COMMON_OPTIONS, 'timeoutMs'));
    // @ts-expect-error an option is missing
    complete<OidcOptions>(without(OIDC_OPTIONS, 'clientKeyId'));
    // @ts-expect-error an option is missing
    complete<OidcQuirks>(without(OIDC_QUIRKS, 'silentLogin'));
    // @ts-expect-error an option is missing
    complete<ProviderQuirks>(without(QUIRKS, 'userinfo'));
    // @ts-expect-error an option is missing
    complete<ProviderMetadata>(without(METADATA, 'jwks_uri'));
    // @ts-expect-error an option is missing
    complete<FewlinesOptions>(without(FEWLINES_OPTIONS, 'pkce'));
    // @ts-expect-error an option is missing
    complete<TelenorOptions>(without(TELENOR_OPTIONS, 'origin'));
    // @ts-expect-error an option is missing
    complete<ConnectisOptions>(without(CONNECTIS_OPTIONS, 'scope'));
    // @ts-expect-error an option is missing
    complete<DidOptions>(without(DID_OPTIONS, 'issuer'));
  });

  it.each(
    sections.flatMap(({ title, table, interfaces }) =>
      Object.entries(table).map(([name, field]) => ({ title, name, field, interfaces })),
    ),
  )('say of $title: $name what its comment says, which is there', ({ name, field, interfaces }) => {
    const comment = readComments(interfaces).get(name);
    expect(comment?.text).toMatch(/^\S.{10,}/);
    const told = printDefault(field);
    // A comment may add what the value means: "86400 (a day)", "false: the session ends here".
    const says = told !== undefined && comment?.default?.startsWith(told) ? told : comment?.default;
    expect(says).toBe(told);
    expect(comment?.default?.slice(told?.length) ?? '').toMatch(/^($| \(|: )/);
  });

  it.each(sections)('have defaults in $title that their own checks take', ({ table }) => {
    for (const [name, field] of Object.entries(table)) {
      if ('default' in field) expect(() => field.check(name, field.default)).not.toThrow();
      else expect(() => field.check(name, undefined)).toThrow(name);
    }
  });
});

describe('docs/options.md', () => {
  it('is what the tables and the comments say: npx tsx scripts/options.ts writes it', () => {
    expect(readFileSync(documentPath, 'utf8')).toBe(writeDocument());
  });

  it('names every option', () => {
    const document = readFileSync(documentPath, 'utf8');
    for (const { table } of sections)
      for (const name of Object.keys(table)) expect(document).toContain(`| \`${name}\` |`);
  });
});
