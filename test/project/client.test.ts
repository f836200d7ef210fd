import { gzipSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import { createAuthClient } from '../../src/client/auth-client.ts';
import { bundleClient } from '../support/client-bundle.ts';

describe('the client module', () => {
  it('has at most 2,048 bytes, minified and gzipped, and needs nothing else', async () => {
    const bundle = await bundleClient();
    expect(gzipSync(bundle).length).toBeLessThanOrEqual(2048);
    expect(bundle).toContain('connect-auth');
    expect(bundle).not.toMatch(/\bimport\b|\brequire\b|\bprocess\b/);
  });

  it('can be loaded and made on a server, which renders pages', () => {
    expect(Object.keys(createAuthClient({ sessionUrl: '/auth/session' })).sort()).toEqual([
      ...['fetch', 'login', 'loginInPopup', 'logout', 'session', 'watch'],
    ]);
  });
});
