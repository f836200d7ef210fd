import { promisify } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { whoIs } from '../support/bed.ts';
import { createGate } from '../support/gate.ts';
import { ask } from '../support/token-routes.ts';
import { useTwoProcesses } from '../support/two-processes.ts';

const { op, redis, logIn, processes } = await useTwoProcesses((app) => {
  app.get('/renew', async (req, res) => {
    await req.auth.renew();
    res.json('renewed');
  });
  app.get('/regenerate', async (req, res) => {
    Object.assign(req.session, { changed: true });
    await promisify(req.session.regenerate.bind(req.session))();
    res.json('regenerated');
  });
});

describe.each(['/renew', '/regenerate'])('%s while the same person logs in again', (path) => {
  it.each([
    'connectAuth:writeLogin',
    'connectAuth:rotateSession',
  ])('leaves the browser the newer login, held back at %s', async (command) => {
    const { one, two } = await logIn();
    const [arrived, released] = [createGate(), createGate()];
    processes[0].gate.onCommand = async (name) => {
      if (name !== command) return;
      arrived.open();
      await released.opened;
    };
    const renewing = one.get(path, { accept: 'application/json' });
    await arrived.opened;
    const redirect = await two.get('/login');
    const { pathname, search } = new URL((await op.signIn(redirect.headers.get('location')!)).url);
    expect((await two.get(pathname + search)).status).toBe(303);
    released.open();
    const renewed = await renewing;
    expect(renewed.status).toBe(401);
    // Whatever comes later to the browser, it takes no newer cookie away.
    expect(renewed.headers.getSetCookie()).toEqual([]);
    expect(await whoIs(two)).toBe('ada');
    expect((await ask(two)).status).toBe(200);
    const client = redis.client();
    const records = await Promise.all((await client.keys('*s:*')).map((key) => client.get(key)));
    expect(records.filter((record) => record?.startsWith('1 '))).toHaveLength(1);
    await client.flushdb();
  });
});
