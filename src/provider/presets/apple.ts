import { createPrivateKey, type KeyObject } from 'node:crypto';
import { ConfigurationError } from '../../errors.ts';
import { checkString } from '../../options/option-checks.ts';
import { required, type Table, withDefault } from '../../options/option-table.ts';
import type { ProviderDefinition } from '../../provider-definition.ts';
import { createSecret } from '../../secret.ts';
import { createKeyMadeSecret } from '../key-made-secret.ts';
import {
  COMMON_OPTIONS,
  type CommonProviderOptions,
  checkScope,
  readProviderOptions,
} from '../preset-options.ts';
import { splitWords } from '../split-words.ts';
import { CLIENT_OPTIONS, definePreset, type PresetFacts } from './preset.ts';

/** Options of {@link apple}. */
export interface AppleOptions extends CommonProviderOptions {
  /** The Services ID of the website, such as `com.example.web`. */
  clientId: string;
  /** The Team ID of the developer account: ten characters. */
  teamId: string;
  /** The Key ID of the key for Sign in with Apple. */
  keyId: string;
  /** That key: the content of the `.p8` file. The client secret is made from it, and made anew before it ends. */
  privateKey: string;
  /** Scopes; must hold `openid`. Apple knows `name` and `email`. @default 'openid name email' */
  scope?: string;
}

/** The options of `providers.apple()`. */
export const APPLE_OPTIONS = {
  clientId: CLIENT_OPTIONS.clientId,
  teamId: required(checkString, { aliases: ['team_id', 'issuer'] }),
  keyId: required(checkString, { aliases: ['key_id', 'kid', 'keyIdentifier'] }),
  privateKey: required(checkKey, { aliases: ['key', 'clientKey', 'clientSecret', 'privateKeyString'] }),
  scope: withDefault(checkScope, 'openid name email', { aliases: ['scopes'] }),
  ...COMMON_OPTIONS,
} satisfies Table<AppleOptions>;

/** What Apple documents. */
export const APPLE: PresetFacts = {
  name: 'apple',
  documentation: [
    'https://developer.apple.com/documentation/signinwithapplerestapi/generate-and-validate-tokens',
    'https://developer.apple.com/documentation/accountorganizationaldatasharing/creating-a-client-secret',
    'https://developer.apple.com/documentation/signinwithapple/incorporating-sign-in-with-apple-into-other-platforms',
  ],
  readOn: '2026-11-27',
  clientAuthentication: 'client_secret_post',
  // PKCE is documented nowhere; the nonce is, and binds the answer to the login.
  quirks: { pkce: 'none' },
  capabilities: { logout: false, silentLogin: false, acr: false },
};

/** Apple allows six months. Whoever gets hold of one shall have it for no longer than this. */
const SECRET_LIFE_SECONDS = 24 * 3600;

/**
 * Sign in with Apple. The callback is a form post wherever a name or an e-mail address is asked for. Apple tells the name
 * once, at the very first login, and through the browser: keep it then. There is no logout at Apple and no userinfo.
 *
 * @throws ConfigurationError naming the option and what it must be.
 * @see [Sign in with Apple](https://developer.apple.com/documentation/signinwithapple)
 */
export function apple(options: AppleOptions): ProviderDefinition {
  const call = 'providers.apple()';
  const given = readProviderOptions(call, options, APPLE_OPTIONS);
  const { clientId, teamId, keyId, privateKey, scope } = given;
  const asksForPerson = splitWords(scope).some((word) => word === 'name' || word === 'email');
  return definePreset(
    APPLE,
    { call, options, given },
    {
      issuer: ISSUER,
      scope,
      responseMode: asksForPerson ? 'form_post' : 'query',
      clientAuthentication: 'client_secret_post',
      clientSecret: createKeyMadeSecret({
        pem: createSecret(privateKey),
        keyId,
        claims: Object.freeze({ iss: teamId, sub: clientId, aud: ISSUER }),
        lifeSeconds: SECRET_LIFE_SECONDS,
      }),
    },
  );
}

const ISSUER = 'https://appleid.apple.com';

function checkKey(where: string, value: unknown): string {
  const key = readKey(checkString(where, value));
  if (key?.asymmetricKeyDetails?.namedCurve === 'prime256v1')
    return key.export({ type: 'pkcs8', format: 'pem' }).toString();
  throw new ConfigurationError(
    `${where} must be the content of the .p8 file from Apple: a private key on P-256, in PEM.`,
  );
}

function readKey(pem: string): KeyObject | undefined {
  try {
    return createPrivateKey(pem);
  } catch {
    // What it says may quote the key.
    return undefined;
  }
}
