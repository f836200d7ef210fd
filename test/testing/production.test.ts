import { afterEach, describe, expect, it } from '@jest/globals';
import { connectAuth, providers } from 'express-connect-auth';
import { logInAs, startTestProvider } from 'express-connect-auth/testing';

const { NODE_ENV: before } = process.env;
afterEach(() => {
  process.env.NODE_ENV = before;
});

const createAuth = () =>
  connectAuth({
    baseUrl: 'http://localhost:3000',
    secret: 'a secret of the tests, long enough to be one',
    redis: 'memory',
    provider: providers.oidc({ issuer: 'https://id.example', clientId: 'app', clientSecret: 'the secret' }),
  });

describe('in production', () => {
  it('there is neither a test provider nor a login', async () => {
    const auth = createAuth();
    process.env.NODE_ENV = 'production';
    const expected = { code: 'configuration', message: expect.stringContaining('NODE_ENV is "production"') };
    await expect(startTestProvider()).rejects.toMatchObject(expected);
    await expect(logInAs(auth)).rejects.toMatchObject(expected);
    await auth.close();
  });

  it('connectAuth() is made without a way in for tests, which none of them finds later', async () => {
    process.env.NODE_ENV = 'production';
    const auth = createAuth();
    expect(Object.getOwnPropertySymbols(auth)).toEqual([]);
    process.env.NODE_ENV = 'test';
    await expect(logInAs(auth)).rejects.toThrow(/made while NODE_ENV was "production"/);
    await auth.close();
  });
});
