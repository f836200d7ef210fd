import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import { WebSocket } from 'ws';
import { createBrowser } from '../support/browser-client.ts';
import { createCookieJar } from '../support/cookie-jar.ts';
import { type ExampleProcess, startExampleOf } from '../support/example-process.ts';
import { walkProvider } from '../support/provider-walk.ts';
import { useRedisServer } from '../support/use-apps.ts';
import { openSignedIn, signInAt } from '../support/walk-example.ts';

const folder = join(import.meta.dirname, '..', '..', 'examples');
const names = readdirSync(folder, { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && entry.name !== 'node_modules')
  .map(({ name }) => name);

const redis = await useRedisServer();
const running: ExampleProcess[] = [];
const sockets: WebSocket[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.terminate();
  for (const example of running.splice(0)) await example.stop();
});

async function start(name: string, environment: Record<string, string> = {}): Promise<string> {
  const example = await startExampleOf(name, environment);
  running.push(example);
  return example.address;
}

describe('the examples', () => {
  it('are each of at most sixty lines, and in the list', () => {
    const list = readFileSync(join(folder, 'README.md'), 'utf8');
    const lines = names.map((name) => {
      const source = readFileSync(join(folder, name, 'main.ts'), 'utf8');
      return { name, isShort: source.split('\n').length <= 61, isListed: list.includes(`](${name})`) };
    });
    expect(lines.length).toBeGreaterThan(9);
    expect(lines.filter(({ isShort, isListed }) => !isShort || !isListed)).toEqual([]);
  });

  it('api: takes a session or a token, and writing is for a role', async () => {
    const address = await start('api');
    const browser = await signInAt(address);
    expect(await (await browser.get('/api/orders')).json()).toMatchObject({ for: 'ada', by: 'session' });
    const program = await fetch(`${address}/as-a-program`);
    expect(await program.json()).toMatchObject({ for: 'grace', by: 'bearer' });
    const headers = {
      'content-type': 'application/json',
      'sec-fetch-mode': 'cors',
      'sec-fetch-dest': 'empty',
    };
    const order = { body: '{"article":"Mill"}', headers };
    expect((await browser.request('POST', '/api/orders', order)).status).toBe(201);
    const clerk = await signInAt(address, 'grace');
    const refused = await clerk.request('POST', '/api/orders', order);
    expect([refused.status, await refused.json()]).toEqual([
      403,
      expect.objectContaining({ missing: { roles: ['clerk'] } }),
    ]);
    expect((await fetch(`${address}/api/orders`)).status).toBe(401);
  });

  it('cluster: knows in each process who has logged in at one, and logs them out in each', async () => {
    const address = await start('cluster', { REDIS_URL: redis.url });
    const browser = await signInAt(`${address}/account`);
    const look = async () => {
      const answers = await Promise.all(Array.from({ length: 8 }, () => browser.get('/')));
      return Promise.all(answers.map((answer) => answer.json()));
    };
    const seen = await look();
    expect(new Set(seen.map(({ worker }) => worker)).size).toBe(2);
    expect(seen.every(({ user }) => user === 'ada')).toBe(true);
    await browser.post('/logout');
    expect((await look()).every(({ user }) => user === null)).toBe(true);
  });

  it('several-providers: asks which one, and tells people of two apart', async () => {
    const address = await start('several-providers');
    const staff = createBrowser(address);
    expect(await (await staff.get('/login')).text()).toMatch(/Our people[\s\S]*Customers/);
    await openSignedIn(staff, `${address}/login?provider=staff&returnTo=/admin`);
    const customer = createBrowser(address);
    await openSignedIn(customer, `${address}/login?provider=customers&returnTo=/account`);
    const [one, other] = await Promise.all(
      [staff, customer].map(async (browser) => (await browser.get('/account')).json()),
    );
    expect(one).toMatchObject({ sub: 'ada', provider: 'staff' });
    expect(other).toMatchObject({ sub: 'ada', provider: 'customers' });
    expect(one.id).not.toBe(other.id);
    expect((await staff.get('/admin')).status).toBe(200);
    expect((await customer.get('/admin')).status).toBe(403);
  });

  it('socket-io: greets those who are logged in by their name, and ends with the session', async () => {
    const address = await start('socket-io');
    const browser = createBrowser(address);
    await openSignedIn(browser, `${address}/login`);
    // What socket.io's client says: a namespace is entered by 40, what comes is 42 with the event, and 41 is the end.
    const connect = (cookie: string) => {
      const url = `${address.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket`;
      const socket = new WebSocket(url, { headers: { origin: address, cookie } });
      sockets.push(socket);
      const said = (prefix: string) =>
        new Promise<string>((resolve) => {
          socket.on('message', (data) => {
            if (String(data).startsWith(prefix)) resolve(String(data).slice(prefix.length));
          });
        });
      socket.once('open', () => socket.send('40'));
      return { greeted: said('42'), ended: said('41') };
    };
    expect(await connect('').greeted).toBe('["hello","whoever you are"]');
    const person = connect(browser.jar.header(address)!);
    expect(await person.greeted).toBe('["hello","Ada Lovelace"]');
    await browser.post('/logout');
    expect(await person.ended).toBe('');
    expect((await browser.get('/socket.io/socket.io.js')).status).toBe(200);
  });

  it('step-up: asks once more where a login is too weak, and takes the form then', async () => {
    const address = await start('step-up');
    const browser = createBrowser(address);
    const provider = createCookieJar();
    const account = await openSignedIn(browser, `${address}/account`, 'ada', provider);
    expect(await account.text()).toContain('Account of ada');
    expect((await browser.post('/transfer')).status).toBe(401);
    const transfer = await openSignedIn(browser, `${address}/transfer`, 'ada', provider);
    expect(await transfer.text()).toContain('Transfer by ada');
    expect(await (await browser.post('/transfer')).json()).toMatchObject({ by: 'ada', acr: '2' });
  });

  it('popup: has a page for the window, and an answer for the page that opened it', async () => {
    const address = await start('popup');
    const browser = createBrowser(address);
    expect(await (await browser.get('/')).text()).toContain("window.open('/login?display=popup'");
    const login = (await browser.get('/login?display=popup')).headers.get('location')!;
    const end = await browser.deliver(await walkProvider(login, createCookieJar(), { person: 'ada' }));
    expect(await end.text()).toContain('connect-auth');
    expect(await (await browser.get('/api/me')).json()).toEqual({ name: 'Ada Lovelace' });
  });

  it('tenants: leads each host to its provider, and nothing of one counts at the other', async () => {
    const acme = await start('tenants');
    const globex = acme.replace('acme', 'globex');
    const one = await signInAt(`${acme}/account`);
    const other = await signInAt(`${globex}/account`, 'grace');
    const answers = [await one.get('/account'), await other.get('/account')];
    const [first, second] = await Promise.all(answers.map((answer) => answer.json()));
    expect(first).toMatchObject({ tenant: 'acme', user: { sub: 'ada' } });
    expect(second).toMatchObject({ tenant: 'globex', user: { sub: 'grace' } });
    expect(first.issuer).not.toBe(second.issuer);
    const stranger = createBrowser(globex);
    stranger.jar.store(globex, [`${one.jar.header(acme)}; Path=/`]);
    expect((await stranger.get('/account')).status).toBe(302);
  });

  it('websocket: opens for people alone, from its own pages alone, and closes with the session', async () => {
    const address = await start('websocket');
    const browser = await signInAt(address);
    const connect = (origin: string, cookie: string) => {
      const socket = new WebSocket(`${address.replace('http', 'ws')}/socket`, {
        headers: { origin, cookie },
      });
      const said = new Promise((resolve) => socket.once('message', (data) => resolve(String(data))));
      const failed = new Promise((resolve) => socket.once('error', ({ message }) => resolve(message)));
      const closed = new Promise((resolve) => socket.once('close', (code) => resolve(code)));
      return { said, failed, closed };
    };
    const cookie = browser.jar.header(address)!;
    expect(await connect(address, '').failed).toContain('401');
    expect(await connect('https://elsewhere.test', cookie).failed).toContain('403');
    const { said, closed } = connect(address, cookie);
    expect(await said).toBe('Hello, Ada Lovelace');
    await browser.post('/logout');
    expect(await closed).toBe(4401);
  });
});
