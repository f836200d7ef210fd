import { ConfigurationError } from '../../errors.ts';
import { checkString } from '../../options/option-checks.ts';
import { required, type Table, withDefault } from '../../options/option-table.ts';
import type { ProviderDefinition } from '../../provider-definition.ts';
import {
  COMMON_OPTIONS,
  type CommonProviderOptions,
  checkScope,
  readProviderOptions,
} from '../preset-options.ts';
import { CLIENT_OPTIONS, definePreset, OPTIONAL_SECRET, type PresetFacts } from './preset.ts';

/** Options of {@link cognito}. */
export interface CognitoOptions extends CommonProviderOptions {
  /** Id of the user pool, such as `eu-west-1_AbCdEfGhI`: the region stands in it. */
  userPoolId: string;
  /** The id that the provider knows this application by: of an app client of the pool. */
  clientId: string;
  /** Absent for an app client without a secret. @default none */
  clientSecret?: string;
  /** Scopes; must hold `openid`. @default 'openid profile email' */
  scope?: string;
}

/** The options of `providers.cognito()`. */
export const COGNITO_OPTIONS = {
  userPoolId: required(checkUserPool, { aliases: ['poolId', 'issuer'] }),
  clientId: CLIENT_OPTIONS.clientId,
  clientSecret: OPTIONAL_SECRET,
  scope: withDefault(checkScope, 'openid profile email', { aliases: ['scopes'] }),
  ...COMMON_OPTIONS,
} satisfies Table<CognitoOptions>;

/** What Amazon documents of Cognito user pools. */
export const COGNITO: PresetFacts = {
  name: 'cognito',
  documentation: [
    'https://docs.aws.amazon.com/cognito/latest/developerguide/federation-endpoints.html',
    'https://docs.aws.amazon.com/cognito/latest/developerguide/logout-endpoint.html',
    'https://docs.aws.amazon.com/cognito/latest/developerguide/userinfo-endpoint.html',
  ],
  readOn: '2026-11-27',
  clientAuthentication: 'client_secret_basic',
  quirks: { logoutReturnParam: 'logout_uri', logoutHint: false, logoutState: false },
  defaults: { revocation: 'refresh_token' },
  capabilities: { acr: false },
};

/**
 * Amazon Cognito: one user pool with its domain.
 *
 * @throws ConfigurationError naming the option and what it must be.
 * @see [Cognito, endpoints of a user pool](https://docs.aws.amazon.com/cognito/latest/developerguide/federation-endpoints.html)
 */
export function cognito(options: CognitoOptions): ProviderDefinition {
  const call = 'providers.cognito()';
  const given = readProviderOptions(call, options, COGNITO_OPTIONS);
  const { userPoolId, scope } = given;
  const region = userPoolId.slice(0, userPoolId.indexOf('_'));
  const suffix = region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com';
  return definePreset(
    COGNITO,
    { call, options, given },
    { issuer: `https://cognito-idp.${region}.${suffix}/${userPoolId}`, scope },
  );
}

function checkUserPool(where: string, value: unknown): string {
  const pool = checkString(where, value);
  if (/^[a-z]{2}(-[a-z]+)+-\d_[A-Za-z\d]+$/.test(pool)) return pool;
  throw new ConfigurationError(
    `${where} must be the id of a user pool with its region, such as "eu-west-1_AbCdEfGhI".`,
  );
}
