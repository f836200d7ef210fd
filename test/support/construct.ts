import { expect } from '@jest/globals';
import { ConfigurationError, type ConnectAuthOptions, connectAuth, providers } from 'express-connect-auth';

/** Options that nothing is wrong with. */
export const goodOptions = {
  baseUrl: 'https://app.example.com',
  secret: 'a secret of the tests, long enough to be one',
  redis: 'memory',
  provider: providers.oidc({
    issuer: 'https://id.example.com',
    clientId: 'app',
    clientSecret: 'the-client-secret',
  }),
} satisfies ConnectAuthOptions;

/** Changes of the good options, as JavaScript without types could make them. */
export type OptionChanges = Readonly<Record<string, unknown>>;

/** Constructs with the good options changed. Returns what came of it, or the message of the refusal. */
export function construct(changes: OptionChanges): unknown {
  try {
    return connectAuth({ ...goodOptions, ...changes } as ConnectAuthOptions);
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigurationError);
    expect(error).toMatchObject({ code: 'configuration', status: 500 });
    return (error as Error).message;
  }
}
