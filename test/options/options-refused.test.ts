import { describe, expect, it } from '@jest/globals';
import { connectAuth } from 'express-connect-auth';
import { Cluster, Redis } from 'ioredis';
import { createClient, createClientPool } from 'redis';
import { construct, goodOptions, type OptionChanges } from '../support/construct.ts';

const { provider, secret: SECRET } = goodOptions;

const refusals: [what: string, changes: OptionChanges, message: string | RegExp][] = [
  [
    'an option of the provider',
    { clientId: 'x' },
    'What concerns the provider goes into provider: providers.oidc(',
  ],
  [
    'an option of another library',
    { issuerBaseURL: 'x' },
    'connectAuth() has no option "issuerBaseURL". What concerns',
  ],
  ['one provider for several', { provider: undefined, providers: provider }, 'For one, use provider.'],
  ['an unknown option', { cokie: 1 }, 'connectAuth() has no option "cokie". It has: baseUrl, secret, redis,'],
  ['a slip of the pen', { baseURL: 'x' }, 'connectAuth() has no option "baseURL". Did you mean "baseUrl"?'],
  ['another slip', { trustedOrigin: [] }, 'has no option "trustedOrigin". Did you mean "trustedOrigins"?'],
  [
    'an unknown session option',
    { session: { idleTimeout: 1 } },
    'session has no option "idleTimeout". Did you mean "idleTimeoutSeconds"?',
  ],
  [
    'an unknown route',
    { routes: { callbck: '/x' } },
    'routes has no option "callbck". Did you mean "callback"?',
  ],

  ['no base URL', { baseUrl: undefined }, 'baseUrl must be a string that is not empty; it is undefined.'],
  [
    'a base URL that is a path',
    { baseUrl: '/app' },
    'baseUrl must be an absolute URL; it is a string of 4 characters.',
  ],
  [
    'http',
    { baseUrl: 'http://app.example.com' },
    "baseUrl must begin with https:// (http:// is accepted for localhost only); it is 'http://app.example.com/'.",
  ],
  [
    'http on a name that only looks local',
    { baseUrl: 'http://localhost.example.com' },
    'baseUrl must begin with https://',
  ],
  ['another scheme', { baseUrl: 'ftp://localhost' }, 'baseUrl must begin with https://'],
  [
    'a base URL with a password',
    { baseUrl: 'https://me:secret@app.example.com' },
    'baseUrl must not hold a user or password.',
  ],
  [
    'a base URL with a query',
    { baseUrl: 'https://app.example.com/?a=1' },
    'baseUrl must have no query and no fragment.',
  ],
  [
    'a base URL with a fragment',
    { baseUrl: 'https://app.example.com/#a' },
    'baseUrl must have no query and no fragment.',
  ],
  [
    'a base URL whose path names a host',
    { baseUrl: 'https://app.example.com//evil.example' },
    'baseUrl: its path must be a path such as',
  ],

  ['no secret', { secret: undefined }, 'secret is missing. Make one with: openssl rand -base64 48'],
  ['an empty secret', { secret: '' }, 'secret must be a string that is not empty; it is an empty string.'],
  [
    'a short secret',
    { secret: 'x'.repeat(31) },
    /secret must have at least 32 characters; one has 31\. Make one with: openssl/,
  ],
  ['no secret in a list', { secret: [] }, 'secret must hold at least one string.'],
  [
    'a short secret in a list',
    { secret: [SECRET, 'short'] },
    'secret must have at least 32 characters; one has 5.',
  ],
  [
    'a secret of another type',
    { secret: [SECRET, 42] },
    'secret[1] must be a string that is not empty; it is 42.',
  ],
  [
    'a secret in a buffer',
    { secret: Buffer.alloc(32) },
    'secret must be a string that is not empty; it is an object.',
  ],

  [
    'a Redis without a scheme',
    { redis: 'localhost:6379' },
    'redis must be a URL such as "redis://localhost:6379", options for ioredis, a client of ioredis or of node-redis, or "memory"; it is a string of 14 characters.',
  ],
  ['a Redis over http', { redis: 'http://localhost:6379' }, 'redis must be a URL such as'],
  ['a Redis that is a number', { redis: 6379 }, 'redis must be a URL such as'],
  [
    'a client of another library',
    { redis: new (class RedisClient {})() },
    /redis must be a URL .* a client of ioredis or of node-redis, or "memory"; it is an object of another library\./,
  ],
  [
    'a pool of node-redis',
    { redis: createClientPool() },
    'redis must be one client; it is a pool of node-redis. Give a client of createClient()',
  ],
  [
    'a client of node-redis 4',
    { redis: { isOpen: true, sendCommand: async () => null } },
    'redis must be a client of node-redis 5 or newer; it is an older one.',
  ],
  [
    'a key prefix of a client of node-redis',
    { redis: createClient({ keyPrefix: 'a:' }) },
    'redis must not use keyPrefix',
  ],
  [
    'a key prefix in options',
    { redis: { keyPrefix: 'a:' } },
    'redis must not use keyPrefix: scripts would miss it. Use redisPrefix.',
  ],
  [
    'a key prefix in a URL',
    { redis: 'redis://localhost:6379/0?keyPrefix=a:' },
    'redis must not use keyPrefix',
  ],
  [
    'a key prefix of a client',
    { redis: new Redis({ lazyConnect: true, keyPrefix: 'a:' }) },
    'redis must not use keyPrefix',
  ],
  [
    'a key prefix of a cluster',
    { redis: new Cluster([], { lazyConnect: true, redisOptions: { keyPrefix: 'a:' } }) },
    'redis must not use keyPrefix',
  ],
  [
    'reads from replicas in options',
    { redis: { role: 'slave' } },
    'redis must not read from replicas: a session that ended would still be found there.',
  ],
  [
    'reads from replicas in a URL',
    { redis: 'redis://localhost:6379?role=slave' },
    'redis must not read from replicas',
  ],
  [
    'reads from replicas of a client',
    { redis: new Redis({ lazyConnect: true, readOnly: true }) },
    'redis must not read from replicas',
  ],
  [
    'reads from replicas of a cluster',
    { redis: new Cluster([], { lazyConnect: true, scaleReads: 'slave' }) },
    'redis must not read from replicas',
  ],
  [
    'a prefix with wildcards',
    { redisPrefix: 'a*' },
    'redisPrefix must be free of braces, wildcards and white space',
  ],
  ['a prefix with a hash tag', { redisPrefix: '{a}' }, 'redisPrefix must be free of braces'],
  ['an empty prefix', { redisPrefix: '' }, 'redisPrefix must be a string that is not empty'],

  ['no provider', { provider: undefined }, 'connectAuth() needs either provider or providers.'],
  [
    'a provider and providers',
    { providers: { a: provider } },
    'connectAuth() needs either provider or providers.',
  ],
  ['a provider that is null', { provider: null }, 'provider must be an object; it is null.'],
  [
    'options in place of a provider',
    { provider: { issuer: 'https://id.example.com' } },
    'provider must be made by one of the presets: providers.oidc({ … }).',
  ],
  ['a copy of a provider', { provider: { ...provider } }, 'provider must be made by one of the presets'],
  [
    'providers as a list, as Auth.js has them',
    { provider: undefined, providers: [provider] },
    'providers must be an object of several, each by a name: { work: providers.oidc({ … }) }; it is an array.',
  ],
  [
    'no provider in a list',
    { provider: undefined, providers: {} },
    'providers must name at least one provider.',
  ],
  [
    'a name that is none in a URL',
    { provider: undefined, providers: { 'A b': provider } },
    'providers: "A b" must be lower-case letters, digits and hyphens.',
  ],
  [
    'options in a list of providers',
    { provider: undefined, providers: { a: {} } },
    'providers.a must be made by one of the presets',
  ],
];

describe('connectAuth()', () => {
  it.each(refusals)('refuses %s (F-123)', (_what, changes, message) => {
    const told = construct(changes);
    if (typeof message === 'string') expect(told).toContain(message);
    else expect(told).toMatch(message);
  });

  it.each([
    undefined,
    null,
    'options',
    42,
    [],
    () => undefined,
  ])('refuses %p in place of options (F-123)', (value) => {
    expect(() => connectAuth(value as never)).toThrow('connectAuth() must be an object');
  });
});
