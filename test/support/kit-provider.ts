import { afterAll, afterEach } from '@jest/globals';
import { startTestProvider, type TestProvider, type TestProviderOptions } from 'express-connect-auth/testing';
import type { TestAppOptions } from './app.ts';
import type { Callback } from './browser-client.ts';

/** Starts the provider of the test kit for the whole file. Its faults are switched off after each test. */
export async function useTestProvider(options?: TestProviderOptions): Promise<TestProvider> {
  const provider = await startTestProvider(options);
  afterEach(() => provider.switchOff());
  afterAll(() => provider.close());
  return provider;
}

/** The provider of the test kit, for `startApp()`. */
export function asOp(provider: TestProvider): TestAppOptions['op'] {
  const { issuer, clientId, clientSecret } = provider;
  return {
    registerApp: async () => ({ issuer, clientId, clientSecret }),
    signIn: async (url, { as, cancel = false } = {}): Promise<Callback> => {
      const back = provider.signIn(url, { ...(as === undefined ? {} : { as }), cancel });
      if (!back.form) return { method: 'GET', url: back.url };
      return { method: 'POST', url: back.url, body: new URLSearchParams(back.form) };
    },
  };
}
