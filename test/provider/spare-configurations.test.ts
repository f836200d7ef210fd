import { expect, it } from '@jest/globals';
import * as client from 'openid-client';
import { providers } from '../../src/index.ts';
import { createConfigurationSource } from '../../src/provider/configuration.ts';

const issuer = 'https://id.example.com';

async function createSource() {
  const definition = providers.oidc({
    ...{ issuer, clientId: 'app', clientSecret: 'secret of the app' },
    metadata: {
      authorization_endpoint: `${issuer}/authorize`,
      token_endpoint: `${issuer}/token`,
      jwks_uri: `${issuer}/jwks`,
    },
  });
  const source = createConfigurationSource(definition, {
    name: 'default',
    fetch: () => Promise.reject(new Error('not asked')),
    monotonic: () => 0,
    authenticate: client.None(),
    reportFault: () => undefined,
  });
  return { source, configuration: await source.find() };
}

const answerWith = (status: number) => async () => new Response(null, { status });
const askAt = (own: client.Configuration) =>
  own[client.customFetch]!('https://id.example.com/token', {} as never);

it('a configuration that served a request serves the next, and holds nothing of the first', async () => {
  const { source, configuration } = await createSource();
  const used: client.Configuration[] = [];
  const ask = (status: number) =>
    source.askThrough(configuration, answerWith(status), async (own) => {
      used.push(own);
      return (await askAt(own)).status;
    });
  expect(await ask(201)).toBe(201);
  await expect(askAt(used[0]!)).rejects.toThrow('asks nobody');
  expect(await ask(202)).toBe(202);
  expect(used[1]).toBe(used[0]);
});

it('requests at once have one each, of which no more are kept than are needed again', async () => {
  const { source, configuration } = await createSource();
  const used: client.Configuration[] = [];
  const askAll = () =>
    Promise.all(
      Array.from({ length: 60 }, (_, index) =>
        source.askThrough(configuration, answerWith(200 + index), async (own) => {
          used.push(own);
          return (await askAt(own)).status;
        }),
      ),
    );
  expect(await askAll()).toEqual(Array.from({ length: 60 }, (_, index) => 200 + index));
  expect(new Set(used).size).toBe(60);
  await askAll();
  expect(new Set(used).size).toBe(70);
});
