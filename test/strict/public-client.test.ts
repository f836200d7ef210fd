import { describe, expect, it, jest } from '@jest/globals';
import { connectAuth, providers } from 'express-connect-auth';

const WARNING = 'CONNECT_AUTH_PUBLIC_CLIENT';
const client = { issuer: 'https://id.example.com', clientId: 'app' };
const base = { baseUrl: 'https://app.example.com', secret: 'x'.repeat(32), redis: 'memory' } as const;

describe('a public client', () => {
  /** What is said of it at the start of an application. */
  const begin = async (...options: Parameters<typeof connectAuth>) => {
    const emit = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    try {
      await connectAuth(...options).close();
      const calls = emit.mock.calls as unknown as [string, { code?: string }][];
      return calls.filter(([, { code }]) => code === WARNING).map(([text]) => text);
    } finally {
      emit.mockRestore();
    }
  };

  it('is warned of once at the start, with its name', async () => {
    const web = providers.oidc(client);
    const kept = providers.oidc({ ...client, clientSecret: 'a secret' });
    const said = await begin({ ...base, providers: { web, kept } });
    expect(said).toEqual([
      expect.stringMatching(/public client of provider "web":.*clientSecret or clientKey/),
    ]);
  });

  it('is warned of once for all base URLs of an application', async () => {
    const baseUrl = ['https://a.example.com', 'https://b.example.com'];
    const options = { ...base, baseUrl, application: 'shop', provider: providers.oidc(client) };
    expect(await begin(options)).toHaveLength(1);
  });

  it('is none that has a secret', async () => {
    const provider = providers.oidc({ ...client, clientSecret: 'a secret' });
    expect(await begin({ ...base, provider })).toEqual([]);
  });
});
