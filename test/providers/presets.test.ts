import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { ConfigurationError, providers } from 'express-connect-auth';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import { beginLogin } from '../support/login-outcome.ts';
import { ask } from '../support/token-routes.ts';
import { CLIENT } from './habits.ts';
import { OUR_EC_PEM, OUR_RSA_PEM } from './keys-of-ours.ts';
import { ROWS } from './rows.ts';
import { rowOf, useWorlds } from './use-world.ts';

const { start } = useWorlds();
const presets = join(import.meta.dirname, '..', '..', 'src', 'provider', 'presets');

describe('each preset', () => {
  const files = readdirSync(presets).filter((file) => file !== 'preset.ts');

  it.each(files)('of %s says which documentation it was read from, and when', async (file) => {
    const exported = Object.values(await import(join(presets, file)));
    const facts = exported.find(
      (value): value is { documentation: string[]; readOn: string } =>
        typeof value === 'object' && value !== null && 'documentation' in value,
    );
    expect(facts?.documentation.length).toBeGreaterThan(0);
    for (const link of facts?.documentation ?? []) expect(link).toMatch(/^https:\/\/[\w.-]+\/\S+$/);
    expect(facts?.readOn).toMatch(/^\d{4}-\d{2}-\d{2}$/);
  });

  it.each(ROWS)('$title prints no secret, and cannot be changed', ({ take }) => {
    const definition = take();
    const printed = `${inspect(definition, { depth: 9 })}${JSON.stringify(definition)}`;
    for (const secret of [CLIENT.clientSecret, OUR_RSA_PEM.slice(40, 80), OUR_EC_PEM.slice(40, 80)])
      expect(printed).not.toContain(secret);
    expect(Object.isFrozen(definition)).toBe(true);
  });

  it('lets the application add parameters, and have its own life of tokens', () => {
    const definition = providers.google({
      ...{
        ...CLIENT,
        offline: true,
        authorizationParams: { prompt: 'select_account consent', login_hint: 'ada' },
      },
      defaultExpiresInSeconds: 60,
    });
    expect(definition.authorizationParams).toEqual({
      access_type: 'offline',
      prompt: 'select_account consent',
      login_hint: 'ada',
    });
    expect(definition.defaultExpiresInSeconds).toBe(60);
  });

  it.each<[string, () => unknown, RegExp]>([
    [
      'a host with a path',
      () => providers.auth0({ domain: 'acme.auth0.com/x', ...CLIENT }),
      /domain must be the name of a host/,
    ],
    [
      'a secret that is not set',
      () => providers.github({ ...CLIENT, clientSecret: undefined as never }),
      /clientSecret must be a string/,
    ],
    [
      'a secret of a public client that is not set',
      () =>
        providers.keycloak({
          issuer: 'https://id.example.com/realms/a',
          clientId: 'a',
          clientSecret: undefined as never,
        }),
      /clientSecret is undefined/,
    ],
    [
      'a key of RSA for Apple',
      () => providers.apple({ clientId: 'a', teamId: 'b', keyId: 'c', privateKey: OUR_RSA_PEM }),
      /privateKey must be the content of the \.p8 file/,
    ],
    [
      'an option of another library',
      () => providers.google({ ...CLIENT, callbackURL: '/x' } as never),
      /callbackURL/,
    ],
    [
      'scopes without openid',
      () => providers.slack({ ...CLIENT, scope: 'profile' }),
      /scope must hold "openid"/,
    ],
  ])('refuses %s, naming the option', (_what, make, message) => {
    expect(make).toThrow(ConfigurationError);
    expect(make).toThrow(message);
  });
});

describe('the secret of Apple', () => {
  it('is made from the key once, used again, and made anew before it ends', async () => {
    const { app, world } = await start(rowOf(ROWS, 'Apple'));
    for (let login = 0; login < 2; login += 1) await app.logIn(app.browser());
    const secrets = world.asked('token_endpoint').map(({ params }) => String(params.get('client_secret')));
    expect(secrets).toHaveLength(2);
    expect(new Set(secrets).size).toBe(1);
    expect(decodeProtectedHeader(secrets[0]!)).toEqual({ alg: 'ES256', kid: 'KEY1234567' });
    const { iss, sub, aud, iat = 0, exp = 0 } = decodeJwt(secrets[0]!);
    expect({ iss, sub, aud }).toEqual({
      iss: 'TEAM123456',
      sub: CLIENT.clientId,
      aud: 'https://appleid.apple.com',
    });
    expect(exp - iat).toBe(24 * 3600);
  });

  it('says for how long it is good, which is less than it lives', async () => {
    const { clientSecret } = providers.apple({
      clientId: 'a',
      teamId: 'b',
      keyId: 'c',
      privateKey: OUR_EC_PEM,
    });
    const given = typeof clientSecret === 'function' ? await clientSecret() : '';
    expect(given).toMatchObject({ validForSeconds: 24 * 3600 - 300 });
  });

  it('goes with a form post where a name is asked for, and with a query where none is', async () => {
    const { app } = await start(rowOf(ROWS, 'Apple'));
    expect((await beginLogin(app.browser())).searchParams.get('response_mode')).toBe('form_post');
    const bare = await start(
      rowOf(ROWS, 'Apple', {
        take: () =>
          providers.apple({
            ...{
              clientId: CLIENT.clientId,
              teamId: 'TEAM123456',
              keyId: 'KEY1234567',
              privateKey: OUR_EC_PEM,
            },
            scope: 'openid',
          }),
      }),
    );
    expect((await beginLogin(bare.app.browser())).searchParams.has('response_mode')).toBe(false);
    const browser = bare.app.browser();
    await bare.app.logIn(browser);
    expect((await ask(browser)).status).toBe(200);
  });
});
