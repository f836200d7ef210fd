import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { createReturnAddressReader } from '../../src/routes/return-address.ts';
import { exploration } from '../support/exploration.ts';
import { followLogin } from '../support/follow-login.ts';
import {
  arbitraryAddress,
  createHonestAddresses,
  createRedirectPayloads,
} from '../support/redirect-payloads.ts';
import { logInWith } from '../support/scripted-logins.ts';
import { useApps, useScriptedProvider } from '../support/use-apps.ts';

const op = await useScriptedProvider();
const startApp = useApps();
const FRONT = 'http://localhost:5173';

describe.each([
  'https://front.example.com',
  'http://localhost:5173',
  'https://xn--bcher-kva.example:8443',
  'http://[::1]:5173',
])('a return address on the listed origin %s', (listed) => {
  const origin = 'https://app.example.com';
  const read = createReturnAddressReader(origin, ['/login', '/logout'], new Set([listed]));
  const isListed = (address: string | undefined) =>
    address === undefined || new URL(address, origin).origin === origin || new URL(address).origin === listed;
  /** In one reading as in the other: nothing that a browser or a proxy would read again. */
  const isPlain = (address: string | undefined) =>
    address === undefined || /^(https?:\/\/[^/@?#\\]+)?\/(?!\/)[\x21-\x5b\x5d-\x7e]*$/.test(address);

  // All that pretends to be of our own origin pretends to be of the other here.
  const payloads = [...createRedirectPayloads(listed), ...createRedirectPayloads(origin)];

  it('leads nowhere else in any of several thousand forms (F-89, R-121)', () => {
    expect(payloads.length).toBeGreaterThan(6000);
    const offending = payloads.filter(({ text }) => !isListed(read(text)) || !isPlain(read(text)));
    expect(offending).toEqual([]);
  });

  it('leads nowhere else whatever it is made of, and reads as itself when read again (F-125)', () => {
    fc.assert(
      fc.property(arbitraryAddress(listed), (text) => {
        const address = read(text);
        return isListed(address) && isPlain(address) && (address === undefined || read(address) === address);
      }),
      exploration(3000),
    );
  });

  it.each([
    ...['.evil.example/', '@evil.example/', ':80@evil.example/', '%40evil.example/', '\\@evil.example', '\\'],
    ...['//evil.example', '/.//evil.example', '/a/..//evil.example', '/%2e//evil.example', '/\\evil.example'],
    ...['?x', '#x', '.', ':', '0', ' ', '/\t', '/a b', '/\r\nSet-Cookie: a=b', '/\u0000', ' /', '%2f', ';/'],
  ])('is refused as the origin and %j behind it', (rest) => {
    expect(read(listed + rest)).toBeUndefined();
  });

  it.each([
    ['in capitals', (text: string) => text.toUpperCase()],
    ['with a user', (text: string) => text.replace('//', '//user@')],
    ['without a scheme', (text: string) => text.replace(/^https?:/, '')],
    ['with one slash', (text: string) => text.replace('//', '/')],
    ['with three', (text: string) => text.replace('//', '///')],
    ['with backslashes', (text: string) => text.replace('//', '\\\\')],
    [
      'of the other scheme',
      (text: string) => text.replace(/^https?/, (it) => (it === 'http' ? 'https' : 'http')),
    ],
    ['of another port', (text: string) => `${text.replace(/:\d+$/, '')}:1`],
    ['of a sibling', (text: string) => text.replace('//', '//sub.')],
    ['behind a space', (text: string) => ` ${text}`],
    ['behind another scheme', (text: string) => `blob:${text}`],
    ['behind a view', (text: string) => `view-source:${text}`],
  ])('is refused %s', (_, change) => {
    expect(read(`${change(listed)}/me`)).toBeUndefined();
  });

  it('is followed with any path, query and fragment, the name alone as its root', () => {
    expect(read(listed)).toBe(`${listed}/`);
    for (const { text, followed } of createHonestAddresses(listed)) {
      if (text.startsWith('/')) expect(read(listed + text)).toBe(listed + followed);
    }
    // Their routes are none of ours.
    expect(read(`${listed}/logout`)).toBe(`${listed}/logout`);
  });

  it('is dropped when it is too long, in the form that is followed', () => {
    expect(read(`${listed}/${'a'.repeat(2047 - listed.length)}`)).toHaveLength(2048);
    expect(read(`${listed}/${'a'.repeat(2048 - listed.length)}`)).toBeUndefined();
    expect(read(`${listed}/${'é'.repeat(341)}`)).toBeUndefined();
  });
});

describe('our own origin among those listed', () => {
  it('is read by the rules of our own', () => {
    const read = createReturnAddressReader('https://a.example', ['/logout'], new Set(['https://a.example']));
    expect([
      read('https://a.example/logout'),
      read('https://a.example'),
      read('https://a.example/me'),
    ]).toEqual([undefined, undefined, '/me']);
  });
});

describe('an application with a front end at another origin', () => {
  const start = (returnOrigins: readonly string[] = [FRONT]) =>
    startApp({
      op,
      returnOrigins,
      handlers: (server) => {
        server.get('/go', (req) => req.auth.login({ returnTo: req.query.to as string }));
        server.get('/leave', (req) => req.auth.logout({ returnTo: req.query.to as string }));
      },
    });

  it.each(['/login?returnTo=', '/go?to='])('is left for it after a login, by GET %s…', async (path) => {
    const app = await start();
    const to = encodeURIComponent(`${FRONT}/inbox?x=1#y`);
    expect(await followLogin({ app, op }, path + to)).toBe(`${FRONT}/inbox?x=1#y`);
    expect(app.logins.map(({ returnTo }) => returnTo)).toEqual([`${FRONT}/inbox?x=1#y`]);
    expect(app.errors).toEqual([]);
  });

  it('is left for it after a logout, over a page of ours', async () => {
    const app = await start();
    const browser = await logInWith(op, app);
    const out = await browser.get(`/leave?to=${encodeURIComponent(`${FRONT}/bye`)}`);
    const { searchParams } = new URL(out.headers.get('location')!);
    expect(searchParams.get('post_logout_redirect_uri')).toBe(`${app.origin}/signed-out`);
    const back = await browser.get(`/signed-out?state=${searchParams.get('state')}`);
    expect([back.status, back.headers.get('location')]).toEqual([303, `${FRONT}/bye`]);
  });

  it('lets the form that leads over the provider lead on to it', async () => {
    const app = await start();
    const groups = Array.from({ length: 400 }, (_, at) => `group-${at}`);
    const browser = await logInWith(op, app, { groups });
    const page = await browser.get(`/leave?to=${encodeURIComponent(`${FRONT}/bye`)}`);
    expect(page.headers.get('content-security-policy')).toMatch(
      new RegExp(`form-action[^;]* ${FRONT}(;|$| )`),
    );
  });

  it('keeps to itself what it does not list, and is told so when its own code asks for it', async () => {
    const app = await start();
    const to = encodeURIComponent('http://localhost:5174/x');
    expect(await followLogin({ app, op }, `/login?returnTo=${to}`)).toBe('/');
    expect(app.errors).toEqual([]);
    expect(await followLogin({ app, op }, `/go?to=${to}`)).toBe('/');
    const browser = await logInWith(op, app);
    const out = await browser.get(`/leave?to=${to}`);
    expect(new URL(out.headers.get('location')!).searchParams.get('post_logout_redirect_uri')).toBe(
      `${app.origin}/`,
    );
    expect(app.logouts).toHaveLength(1);
    expect(app.errors.map(({ error, during }) => [error.code, during, error.message])).toEqual([
      [
        'configuration',
        'login',
        expect.stringMatching(/req\.auth\.login\(\).*http:\/\/localhost:5174.*returnOrigins/),
      ],
      [
        'configuration',
        'logout',
        expect.stringMatching(/req\.auth\.logout\(\).*http:\/\/localhost:5174.*returnOrigins/),
      ],
    ]);
  });

  it('lists none unless it says so', async () => {
    const app = await start([]);
    expect(await followLogin({ app, op }, `/login?returnTo=${encodeURIComponent(`${FRONT}/`)}`)).toBe('/');
  });

  it.each([
    'http://front.example.com',
    'https://front.example.com/app',
    'front.example.com',
    '*',
    '',
  ])('is not started with %j among them', async (origin) => {
    await expect(start([origin])).rejects.toMatchObject({ code: 'configuration' });
  });
});
