import { describe, expect, it } from '@jest/globals';
import type { TestAppOptions } from '../support/app.ts';
import { readJson, setUpChromiumBed, signInAs } from '../support/chromium-bed.ts';

const bed = setUpChromiumBed();

const APP = 'app.example.localhost';

/** Runs in the page: tries to set a cookie by a script, in both ways there are. */
async function setByScript([name, value]: readonly string[]): Promise<boolean> {
  // biome-ignore lint/suspicious/noDocumentCookie: that is what the attack does
  document.cookie = `${name}=${value}; Path=/; Secure`;
  const { cookieStore } = globalThis as unknown as {
    cookieStore: { set(cookie: object): Promise<void>; get(name: string): Promise<unknown> };
  };
  await cookieStore.set({ name, value, path: '/' }).catch(() => undefined);
  return (await cookieStore.get(name!)) !== null;
}

describe('in Chromium, a script of the application’s own page', () => {
  const start = async (options: Omit<TestAppOptions, 'op'> = {}) => {
    const front = await bed.startTlsFront();
    const origin = front.originOf(APP);
    const app = await bed.start({ baseUrl: origin, ...options });
    front.forward(APP, app.origin);
    return origin;
  };
  const logIn = async (origin: string, name: string) => {
    const page = await bed.newPage();
    await page.goto(`${origin}/me`);
    await signInAs(page, name, '/me');
    const cookies = (await page.context().cookies(origin)).filter(({ httpOnly }) => httpOnly);
    return { page, cookies };
  };

  it('puts nobody into a session of its own: no script sets the name that is read (N-04)', async () => {
    const origin = await start();
    const { cookies } = await logIn(origin, 'Grace Hopper');
    const { name, value } = cookies[0]!;
    expect(cookies.map((cookie) => cookie.name)).toEqual(['__Host-Http-session']);

    const victim = await bed.newPage();
    await victim.goto(`${origin}/signed-out`);
    for (const refused of [name, name.toLowerCase(), `${name}-login-0`, `${name}-ending`, `${name}-logout`])
      expect(await victim.evaluate(setByScript, [refused, value])).toBe(false);
    // The names of older days can be set, and are not looked at.
    for (const open of ['session', '__Host-session', '__Secure-session'])
      expect(await victim.evaluate(setByScript, [open, value])).toBe(true);
    await victim.goto(`${origin}/`);
    expect(await readJson(victim)).toEqual({ user: null });
  });

  it.each([
    'query',
    'form_post',
  ] as const)('is no obstacle to a login, whose cookies all have the prefix (%s, N-04)', async (responseMode) => {
    const names = new Set<string>();
    const origin = await start({
      oidc: { responseMode },
      before: (server) =>
        server.use((req, _res, next) => {
          for (const pair of req.headers.cookie?.split('; ') ?? []) names.add(pair.split('=')[0]!);
          next();
        }),
    });
    const { page } = await logIn(origin, 'Ada Lovelace');
    expect(await readJson(page)).toMatchObject({ sub: 'ada' });
    expect(names.size).toBeGreaterThan(1);
    for (const name of names) expect(name).toMatch(/^__Host-Http-session/);
  });

  it('leaves an application that names its cookie with the same protection (N-04)', async () => {
    const origin = await start({ session: { cookieName: '__Host-mine' } });
    const { page, cookies } = await logIn(origin, 'Ada Lovelace');
    expect(cookies.map((cookie) => cookie.name)).toEqual(['__Host-Http-mine']);
    expect(await page.evaluate(setByScript, ['__Host-Http-mine', 'x'])).toBe(false);
    await page.goto(`${origin}/me`);
    expect(await readJson(page)).toMatchObject({ sub: 'ada' });
  });
});
