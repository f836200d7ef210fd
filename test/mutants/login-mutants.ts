import { inFile, type Mutant } from './mutant.ts';

const userinfo = 'provider/userinfo.test.ts';
const answers = 'provider/token-answers.test.ts';
const refresh = 'tokens/refresh-identity.test.ts';
const unfit = 'tokens/refresh-unfit-key.test.ts';
const starts = 'login/login-start.test.ts';

const PERSON = [
  ...inFile('session/session-indexes.ts', [
    {
      id: 'R-19',
      what: 'a person’s sessions are kept by issuer as well',
      text: "kind: 'sub',\n    id: keys.name(issuer, clientId, sub),",
      becomes: "kind: 'sub',\n    id: keys.name(clientId, sub),",
      test: 'login/several-providers.test.ts',
    },
  ]),
  ...inFile('provider/user-info.ts', [
    {
      id: 'R-20',
      what: 'userinfo speaks of the person of the ID token',
      text: 'client.fetchUserInfo(configuration, accessToken, sub)',
      becomes: 'client.fetchUserInfo(configuration, accessToken, client.skipSubjectCheck)',
      test: userinfo,
    },
  ]),
  ...inFile('provider/provider-fetch.ts', [
    {
      id: 'R-20',
      what: 'userinfo names a person',
      text: "if (typeof sub !== 'string' || sub === '')",
      becomes: 'if (false)',
      test: userinfo,
      titles: 'the userinfo at login',
    },
    {
      id: 'R-21',
      what: 'userinfo of another content type is refused',
      text: 'throw foundFault({ asked, expected: wanted, got: describeAnswer(answer) });',
      becomes: 'return readObject(answer, asked);',
      test: userinfo,
    },
    {
      id: 'R-21',
      what: 'userinfo that is a JWT is verified',
      text: 'return verifyUserInfo(answer.text.trim());',
      becomes: "return JSON.parse(Buffer.from(answer.text.split('.')[1] ?? '', 'base64url').toString());",
      test: userinfo,
      titles: 'fails the login when it is a JWT by another key',
    },
  ]),
  ...inFile('provider/read-object.ts', [
    {
      id: 'R-21',
      what: 'a list is no JSON object',
      text: ' && !Array.isArray(value)',
      becomes: '',
      test: userinfo,
      titles: 'a list',
    },
  ]),
  ...inFile('provider/signed-user-info.ts', [
    {
      id: 'R-21',
      what: 'a JWT from the userinfo endpoint is by the configured algorithm',
      text: 'algorithms: [userinfoSigningAlgorithm ?? identity.algorithm],',
      becomes: '',
      test: userinfo,
      titles: 'a JWT by another algorithm',
    },
    {
      id: 'R-21',
      what: 'a JWT from the userinfo endpoint is of our issuer',
      text: 'if (iss !== issuer)',
      becomes: 'if (false)',
      test: userinfo,
      titles: 'a JWT by another issuer',
    },
    {
      id: 'R-21',
      what: 'a JWT from the userinfo endpoint is for us',
      text: 'if (![aud].flat().includes(clientId))',
      becomes: 'if (false)',
      test: userinfo,
      titles: 'a JWT for another client',
    },
  ]),
];

const TOKEN_ANSWERS = [
  ...inFile('provider/token-answer.ts', [
    {
      id: 'R-22',
      what: 'a token of another type is refused',
      text: "if (typeof type === 'string' && type.toLowerCase() === wanted.toLowerCase()) return undefined;",
      becomes: 'return undefined;',
      test: answers,
    },
    {
      id: 'R-22',
      what: 'the case of the type does not count',
      text: 'type.toLowerCase() === wanted.toLowerCase()',
      becomes: 'type === wanted',
      test: answers,
    },
    {
      id: 'R-22',
      what: 'a missing life is the default, not for ever',
      text: '(seconds ?? defaultExpiresInSeconds)',
      becomes: '(seconds ?? MAX_LIFE_SECONDS)',
      test: answers,
    },
  ]),
  ...inFile('provider/quirks/token-answer-rules.ts', [
    {
      id: 'R-22',
      what: 'a life that is no number is none',
      text: "if (typeof number === 'number' && Number.isFinite(number)) answer.expires_in = Math.max(number, 0);",
      becomes: 'if (true) answer.expires_in = number;',
      test: answers,
    },
  ]),
];

const REFRESHES = inFile('provider/token-refresh.ts', [
  {
    id: 'R-27',
    what: 'a refresh that changes the login ends it',
    text: 'if (change) throw',
    becomes: 'if (false) throw',
    test: refresh,
  },
  {
    id: 'R-27',
    what: 'an ID token of a refresh that fails its checks ends the login',
    text: "throw idToken === undefined ? error : end('an ID token that proves nothing', error);",
    becomes: 'return undefined;',
    test: refresh,
  },
  {
    id: 'R-27',
    what: 'the `sub` stays',
    text: "if (claimed.sub !== sub) return 'sub';",
    becomes: '',
    test: refresh,
  },
  {
    id: 'R-27',
    what: 'the `aud` stays',
    text: "if (!audiencesOf(now).every((audience) => audiencesOf(before).includes(audience))) return 'aud';",
    becomes: '',
    test: unfit,
  },
  {
    id: 'R-27',
    what: 'the `azp` stays',
    text: "if (now.azp !== before.azp) return 'azp';",
    becomes: '',
    test: refresh,
  },
  {
    id: 'R-27',
    what: 'the `nonce` stays',
    text: "if (now.nonce !== undefined && before.nonce !== undefined && now.nonce !== before.nonce) return 'nonce';",
    becomes: '',
    test: refresh,
  },
]);

const STARTS = [
  ...inFile('routes/login.ts', [
    {
      id: 'R-67',
      what: 'a login is begun by a person who opens a page',
      text: 'if (isEmbedded(req))',
      becomes: 'if (false)',
      test: starts,
      titles: 'is not started by',
    },
    {
      id: 'R-67',
      what: 'a page that is loaded ahead begins no login',
      text: 'return isPrefetch(req) || (req',
      becomes: 'return (req',
      test: starts,
      titles: 'is not started by',
    },
    {
      id: 'R-67',
      what: 'a frame, an image or a fetch begins no login',
      text: "return isPrefetch(req) || (req.headers['sec-fetch-mode'] !== undefined && !isNavigation(req));",
      becomes: 'return isPrefetch(req);',
      test: starts,
      titles: 'is not started by',
    },
  ]),
];

const OVERTAKEN = [
  ...inFile('session/session-records.ts', [
    {
      id: 'F-80',
      what: 'a callback looks for a logout of its browser when the records are there',
      text: 'isCancelled?.(),',
      becomes: 'void isCancelled,',
      test: 'logout/logout-races.test.ts',
      titles: 'a login',
    },
  ]),
];

/** Who somebody is, what the token endpoint says, and how a login begins and is overtaken, F-80. */
export const LOGIN_MUTANTS: readonly Mutant[] = [
  ...PERSON,
  ...TOKEN_ANSWERS,
  ...REFRESHES,
  ...STARTS,
  ...OVERTAKEN,
];
