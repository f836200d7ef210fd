import { type ConformanceModule, complain, findUser } from './stage.ts';

/** Where the client under test is told to begin a login. */
export const INITIATE_LOGIN = '/initiate-login';

/** What a browser says of a link on another site. */
const FROM_ELSEWHERE = {
  'sec-fetch-site': 'cross-site',
  'sec-fetch-mode': 'navigate',
  'sec-fetch-dest': 'document',
};

/** The plan for logins that a third party initiates. */
export const INITIATED_MODULES: readonly ConformanceModule[] = [
  {
    name: 'oidcc-client-test-3rd-party-init-login',
    item: 'C-54',
    does: 'sends the browser to the client, and names itself in `iss`',
    wanted: 'begin a login there, and log in',
    play: async ({ judge, browser }) => {
      const query = new URLSearchParams({ iss: judge.op.issuer });
      const begun = await browser.get(`${INITIATE_LOGIN}?${query}`, FROM_ELSEWHERE);
      const location = begun.headers.get('location');
      if (!location?.startsWith(`${judge.op.issuer}authorize?`))
        return [`no login was begun: ${begun.status}`];
      const { status } = await browser.deliver(await judge.op.signIn(location));
      return complain({
        [`the callback answered ${status}`]: status !== 303,
        'nobody is logged in': (await findUser(browser)) !== 'ada',
        'userinfo was not asked': judge.op.requests('userinfo').length === 0,
      });
    },
  },
];
