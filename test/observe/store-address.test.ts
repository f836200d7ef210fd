import { expect, it } from '@jest/globals';
import { connectAuth, providers } from '../../src/index.ts';
import { useDiagnosticsWatch } from '../support/diagnostics-watch.ts';

const watch = useDiagnosticsWatch();

it('a whole URL in the place of the host of Redis is told to nobody: it holds a password', async () => {
  for (const place of [{ host: 'redis://:hunter2@localhost:9' }, { path: 'redis://:hunter2@localhost:9' }]) {
    const auth = connectAuth({
      baseUrl: 'http://localhost:3000',
      secret: 'a secret of the tests, long enough to be one',
      redis: place,
      provider: providers.oidc({ issuer: 'http://localhost:9', clientId: 'app', clientSecret: 'secret' }),
      storeTimeoutMs: 1000,
      onError: () => undefined,
    });
    await auth.health();
    await auth.close();
  }
  expect(watch.tracesOf('store.operation')).toMatchObject([{ store: 'redis' }, { store: 'redis' }]);
  expect(JSON.stringify([watch.facts, watch.traces])).not.toContain('hunter2');
});
