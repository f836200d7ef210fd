import { createScriptedKey } from '../support/scripted-keys.ts';
import type { Script } from '../support/scripted-provider.ts';
import { playLogin, SIGNATURE_NONE } from './login-modules.ts';
import { type ConformanceModule, complain, findUser } from './stage.ts';

const NAME = 'oidcc-client-test';
const nextKey = createScriptedKey('RS256', 'the next key');
const rotated: Script = { key: nextKey, jwks: () => ({ keys: [nextKey.jwk] }) };

/** The plan Config: what a client reads of its provider. */
export const CONFIG_MODULES: readonly ConformanceModule[] = [
  SIGNATURE_NONE,
  {
    name: `${NAME}-discovery-openid-config`,
    item: 'C-43',
    does: 'waits for its document to be read',
    wanted: 'read it, and log in',
    play: async (stage) => [
      ...(await playLogin(stage)),
      ...complain({ 'the document was not read': stage.judge.op.requests('discovery').length === 0 }),
    ],
  },
  {
    name: `${NAME}-discovery-jwks-uri-keys`,
    item: 'C-44',
    does: 'has its keys at another address each time',
    wanted: 'fetch them there before userinfo, and log in',
    script: (op) => ({
      discovery: (document) => ({ ...document, jwks_uri: `${op.issuer}keys-of-this-run` }),
    }),
    play: playLogin,
  },
  {
    name: `${NAME}-discovery-issuer-mismatch`,
    item: 'C-45',
    does: 'names another issuer in its document',
    wanted: 'start no login',
    script: (op) => ({ discovery: (document) => ({ ...document, issuer: `${op.issuer}INVALID` }) }),
    play: async ({ judge, browser }) => {
      const location = (await browser.get('/login')).headers.get('location');
      return complain({
        'a login was begun': location !== null || judge.op.requests('authorization').length > 0,
      });
    },
  },
  {
    name: `${NAME}-signing-key-rotation-just-before-signing`,
    item: 'C-46',
    does: 'makes new keys just before it signs',
    wanted: 'log in',
    play: async ({ judge, browser }) => {
      const location = (await browser.get('/login')).headers.get('location') ?? '';
      const callback = await judge.op.signIn(location);
      judge.deviate(rotated);
      const { status } = await browser.deliver(callback);
      return complain({
        [`the callback answered ${status}`]: status !== 303,
        'nobody is logged in': (await findUser(browser)) !== 'ada',
        'the keys were not fetched': judge.op.requests('jwks').length === 0,
      });
    },
  },
  {
    name: `${NAME}-signing-key-rotation`,
    item: 'C-47',
    does: 'changes its keys between two logins',
    wanted: 'fetch them again, and log in twice',
    play: async (stage) => {
      const first = await playLogin(stage);
      stage.judge.deviate(rotated);
      const browser = stage.client.browser();
      const { status } = await stage.client.logIn(browser);
      return [
        ...first,
        ...complain({
          [`the second callback answered ${status}`]: status !== 303,
          'nobody is logged in by the second login': (await findUser(browser)) !== 'ada',
          'the keys were not fetched again': stage.judge.op.requests('jwks').length < 2,
        }),
      ];
    },
  },
];
