import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createConnectisEmulator } from '../emulators/connectis.ts';
import { createDidEmulator } from '../emulators/did.ts';
import { createFewlinesEmulator } from '../emulators/fewlines.ts';
import { createTelenorEmulator } from '../emulators/telenor.ts';
import type { ListeningServer } from '../support/listen.ts';
import { type LoginOutcome, refused, tryLogin } from '../support/login-outcome.ts';
import {
  asOidc,
  connectisByHand,
  didByHand,
  fewlinesByHand,
  type OidcChange,
  type OidcSystem,
  serveKeyOf,
  telenorByHand,
} from '../support/oidc-systems.ts';
import { setUpSystem } from '../support/system-bed.ts';

const fewlines = setUpSystem(createFewlinesEmulator);
const telenor = setUpSystem(createTelenorEmulator);
const weakTelenor = setUpSystem((options) => createTelenorEmulator({ ...options, keyBits: 1024 }));
const connectis = setUpSystem(createConnectisEmulator);
const did = setUpSystem(createDidEmulator);

let keys: ListeningServer;
beforeAll(async () => {
  keys = await serveKeyOf(connectis.emulator.certificate);
});
afterAll(() => keys.close());

const atFewlines = () => {
  fewlines.emulator.set({ tokenIssuer: fewlines.emulator.origin });
  return fewlinesByHand(fewlines.emulator);
};
const atFewlinesWithIdToken = () => {
  fewlines.emulator.set({ tokenAnswer: 'full' });
  return atFewlines();
};
const atTelenor = () => telenorByHand(telenor.emulator);
const atWeakTelenor = () => telenorByHand(weakTelenor.emulator);
const atConnectis = () => connectisByHand(connectis.emulator, keys.origin);
const atDid = () => didByHand(did.emulator);
const atDidWithoutSecret = () => didByHand(did.emulator, { isPublic: true });

const untrusted = refused('provider_invalid_response');
const unwanted = refused('provider_refused');

type Case = [
  quirk: string,
  what: string,
  system: () => OidcSystem,
  on: OidcChange,
  off: OidcChange | (() => OidcChange),
  outcome: LoginOutcome,
];

/** The system with its switches, what throws this one (where the system does not), what throws it back alone. */
const cases: Case[] = [
  [
    'Q1',
    'an answer without token_type (Fewlines)',
    atFewlines,
    {},
    { quirks: { tokenType: 'required' } },
    untrusted,
  ],
  [
    'Q1',
    'an answer without token_type (DID.app)',
    atDid,
    {},
    { quirks: { tokenType: 'required' } },
    untrusted,
  ],
  ['Q2', 'Basic with the raw id and secret', atTelenor, {}, { quirks: { basicEncoding: 'form' } }, unwanted],
  [
    'Q3',
    'the secret in the body (Fewlines)',
    atFewlines,
    {},
    { clientAuthentication: 'client_secret_basic' },
    unwanted,
  ],
  [
    'Q3',
    'the secret not in the body (Telenor)',
    atTelenor,
    {},
    { clientAuthentication: 'client_secret_post' },
    unwanted,
  ],
  [
    'Q4',
    'token parameters in the URL of a POST',
    atConnectis,
    {},
    { quirks: { tokenParams: 'body' } },
    unwanted,
  ],
  [
    'Q6',
    'an access token that says who it is',
    atFewlines,
    {},
    { quirks: { identity: 'id_token' } },
    untrusted,
  ],
  [
    'Q7',
    "an ID token for the application's name",
    atFewlinesWithIdToken,
    {},
    { quirks: { identity: 'id_token' } },
    untrusted,
  ],
  ['Q7', 'that name as an audience', atFewlinesWithIdToken, {}, { trustedAudiences: [] }, untrusted],
  [
    'Q8',
    'an RSA key of 1024 bits',
    atWeakTelenor,
    { quirks: { minimumKeyBits: 1024 } },
    { quirks: { minimumKeyBits: 2048 } },
    untrusted,
  ],
  [
    'Q13',
    'PKCE by the name of sha256',
    atDidWithoutSecret,
    {},
    { quirks: { pkce: 'S256' } },
    refused('login_denied', 403),
  ],
  [
    'Q22',
    'an issuer elsewhere than the endpoints',
    atDid,
    {},
    () => ({ issuer: did.emulator.origin }),
    untrusted,
  ],
];

describe.each(cases)('%s: %s', (_quirk, _what, system, on, off, outcome) => {
  it('logs in with the switch thrown', async () => {
    const app = await fewlines.start(asOidc(system(), on), { redis: 'memory' });
    expect(await tryLogin(app)).toMatchObject({ status: 303, error: undefined, user: expect.any(String) });
  });

  it('fails without it', async () => {
    const app = await fewlines.start(asOidc(system(), typeof off === 'function' ? off() : off), {
      redis: 'memory',
    });
    expect(await tryLogin(app)).toEqual(outcome);
  });
});
