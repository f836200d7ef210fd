import { describe, expect, it } from '@jest/globals';
import { ConfigurationError, providers } from 'express-connect-auth';
import { loggedIn, refused } from '../support/login-outcome.ts';
import type { Claims } from '../support/scripted-keys.ts';
import { CLIENT, type Habits } from './habits.ts';
import { ROWS } from './rows.ts';
import { rowOf, useWorlds } from './use-world.ts';

const { tryOnce } = useWorlds();

const TENANT = '11111111-2222-3333-4444-555555555555';
const OTHER = '99999999-2222-3333-4444-555555555555';
const ISSUER = 'https://login.microsoftonline.com';
const CONSUMERS = '9188040d-6c67-4c5b-b112-36a304b66dad';

/** Entra with several tenants, whose person comes from this one. */
function entraOf(
  tenants: readonly string[] | 'any',
  { tid = TENANT, ...idToken }: Claims & { tid?: unknown } = {},
  changes: Partial<Habits> = {},
): Habits {
  return rowOf(ROWS, 'Microsoft Entra ID, several tenants', {
    take: () => providers.entra({ tenants, ...CLIENT }),
    issuer: `${ISSUER}/${String(tid)}/v2.0`,
    idToken: { name: 'Ada', tid, ...idToken },
    ...changes,
  });
}

describe('a login at one of many tenants', () => {
  it('is for those who are listed, however their ids are written', async () => {
    expect(await tryOnce(entraOf([OTHER, TENANT.toUpperCase()]))).toMatchObject(loggedIn);
    const outcome = await tryOnce(entraOf([OTHER]));
    expect(outcome).toMatchObject(refused('login_refused', 403));
    expect(outcome.told).toContain('tid');
    expect(outcome.told).not.toContain(TENANT);
  });

  it('is for everybody only when that is said', async () => {
    expect(await tryOnce(entraOf('any'))).toMatchObject(loggedIn);
  });

  it.each<[string, Habits]>([
    ['names one tenant and comes from another', entraOf('any', { iss: `${ISSUER}/${OTHER}/v2.0` })],
    ['has the address of all of them for an issuer', entraOf('any', { iss: `${ISSUER}/organizations/v2.0` })],
    ['has the pattern for an issuer', entraOf('any', { iss: `${ISSUER}/{tenantid}/v2.0` })],
    ['comes from elsewhere', entraOf('any', { iss: `https://evil.example/${TENANT}/v2.0` })],
    ['names no tenant', entraOf('any', { tid: null, iss: `${ISSUER}/null/v2.0` })],
    ['names a tenant that is none', entraOf('any', { tid: `evil/../${TENANT}` })],
    ['names several', entraOf('any', { tid: [TENANT] })],
  ])('is refused when the ID token %s', async (_what, habits) => {
    expect(await tryOnce(habits)).toMatchObject(refused('provider_invalid_response'));
  });

  it('is refused when the key belongs to another tenant', async () => {
    const keyOf = (issuer: string) => entraOf('any', {}, { keyExtras: { issuer } });
    expect(await tryOnce(keyOf(`${ISSUER}/${CONSUMERS}/v2.0`))).toMatchObject(
      refused('provider_invalid_response'),
    );
    expect(await tryOnce(keyOf(`${ISSUER}/${TENANT}/v2.0`))).toMatchObject(loggedIn);
  });
});

describe('who must belong somewhere', () => {
  it.each([
    ['Google', { hd: undefined }],
    ['Google', { hd: 'example.org' }],
    ['Google', { hd: ['example.com'] }],
    ['Slack', { 'https://slack.com/team_id': 'T9999ZZZZ' }],
  ])('at %s is refused with %j', async (title, change) => {
    const row = rowOf(ROWS, title);
    const outcome = await tryOnce({ ...row, idToken: { ...row.idToken, ...change } });
    expect(outcome).toMatchObject(refused('login_refused', 403));
  });

  it('at Auth0 must come with the organization', async () => {
    const take = () => providers.auth0({ domain: 'acme.eu.auth0.com', ...CLIENT, organization: 'org_1' });
    const row = rowOf(ROWS, 'Auth0', { take, neededParams: { organization: 'org_1' } });
    const from = (org_id: string) => ({ ...row, idToken: { ...row.idToken, org_id } });
    expect(await tryOnce(from('org_1'))).toMatchObject(loggedIn);
    expect(await tryOnce(from('org_2'))).toMatchObject(refused('login_refused', 403));
  });
});

describe('the roles in an access token of Keycloak', () => {
  const keycloak = (changes: Partial<Habits>) => rowOf(ROWS, 'Keycloak', changes);

  it('are none where it is no JWT', async () => {
    expect(await tryOnce(keycloak({ accessToken: undefined }))).toMatchObject(loggedIn);
  });

  it.each<[string, Claims]>([
    ['is for another client', { azp: 'another', realm_access: { roles: ['admin'] } }],
    ['is for no client', { azp: undefined, realm_access: { roles: ['admin'] } }],
    ['speaks of another person', { sub: 'grace', realm_access: { roles: ['admin'] } }],
    [
      'is of another realm',
      { iss: 'https://id.example.com/realms/evil', realm_access: { roles: ['admin'] } },
    ],
    ['has ended', { exp: 1_000_000_000 }],
  ])('fail the login when it %s', async (_what, accessToken) => {
    expect(await tryOnce(keycloak({ accessToken }))).toMatchObject(refused('provider_invalid_response'));
  });

  it('give way to those of the ID token, and bring nothing but roles', async () => {
    const row = keycloak({
      idToken: { realm_access: { roles: ['of the ID token'] } },
      accessToken: {
        realm_access: { roles: ['of the access token'] },
        name: 'Grace',
        email: 'g@example.com',
      },
    });
    const { user, claims } = await claimsOf(row);
    expect(user).toBe('ada');
    expect(claims).toEqual({ sub: 'ada', realm_access: { roles: ['of the ID token'] } });
  });
});

describe('the audiences of ZITADEL', () => {
  it.each<[string, Claims]>([
    ['name other clients alone', { aud: ['another', 'the project'], azp: CLIENT.clientId }],
    ['stand beside another azp', { aud: [CLIENT.clientId, 'another'], azp: 'another' }],
    ['stand beside no azp', { aud: [CLIENT.clientId, 'another'], azp: undefined }],
  ])('are refused when they %s', async (_what, idToken) => {
    expect(await tryOnce(rowOf(ROWS, 'ZITADEL', { idToken }))).toMatchObject(
      refused('provider_invalid_response'),
    );
  });
});

describe('the options of providers.entra()', () => {
  it.each<[string, object]>([
    ['neither', {}],
    ['both', { tenant: TENANT, tenants: [TENANT] }],
    ['common', { tenant: 'common' }],
    ['organizations', { tenant: 'organizations' }],
    ['no tenant at all', { tenants: [] }],
    ['a word among the ids', { tenants: [TENANT, 'any'] }],
    ['everybody by another word', { tenants: 'all' }],
  ])('refuse %s', (_what, options) => {
    expect(() => providers.entra({ ...options, ...CLIENT })).toThrow(ConfigurationError);
    expect(() => providers.entra({ ...options, ...CLIENT })).toThrow(/tenant/);
  });
});

async function claimsOf(habits: Habits) {
  const { app } = await starter.start(habits);
  const browser = app.browser();
  await app.logIn(browser);
  const { user } = await (await browser.get('/')).json();
  return { user: user?.sub, claims: user };
}

const starter = useWorlds();
