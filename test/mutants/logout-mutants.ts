import { inFile, type Mutant } from './mutant.ts';

const id = 'R-79';
const test = 'logout/backchannel-logout-attacks.test.ts';
const titles = 'is refused before any key is asked for';

/** Takes one line of the checks out. */
const without = (what: string, text: string, becomes = ''): Omit<Mutant, 'file'> => ({
  ...{ id, what, text, becomes, test, titles },
});

/** What is checked of a logout token. */
export const LOGOUT_MUTANTS: readonly Mutant[] = [
  ...inFile('provider/sent-token.ts', [
    {
      id,
      what: 'the signature is verified',
      text: 'const { payload } = await verify(token, {',
      becomes: `const { payload } = await (async (jwt: string, _: unknown) => ({
        payload: (await import('jose')).decodeJwt(jwt),
      }))(token, {`,
      test,
    },
  ]),
  ...inFile('provider/logout-token.ts', [
    without(
      'the algorithm is the configured one',
      "if (header.alg === 'none' || header.alg !== definition.identity.algorithm)",
      'if (false)',
    ),
    without(
      '`typ` is that of no other token',
      'if (!isLogoutType(header.typ, definition.strictLogoutTokenType))',
      'if (false)',
    ),
    {
      ...without('the issuer is compared', "if (iss !== issuer) return 'iss is not the configured issuer';"),
      also: [
        {
          file: 'routes/backchannel-logout.ts',
          text: '.filter((provider) => provider.issuer === issuer)',
          becomes: '',
        },
        { file: 'provider/sent-token.ts', text: '      issuer,\n      audience,', becomes: 'audience,' },
      ],
    },
    without(
      'the audience must hold the client',
      "if (!audiences.includes(clientId)) return 'aud does not name this client';",
    ),
    without(
      'an audience that nobody trusts is refused',
      "if (!audiences.every((name) => name === clientId || isTrusted(name))) return 'aud names others as well';",
    ),
    without(
      '`iat` must be there',
      "if (typeof iat !== 'number' || !Number.isFinite(iat)) return 'iat is missing';",
    ),
    without(
      '`iat` lies in the past',
      "if (iat > nowSeconds + clockToleranceSeconds) return 'iat lies in the future';",
    ),
    without(
      'a token that is too old is refused',
      "if (iat < nowSeconds - clockToleranceSeconds - logoutTokenMaxAgeSeconds) return 'it is too old';",
    ),
    without(
      '`exp` is obeyed',
      "if (exp !== undefined && !(typeof exp === 'number' && exp > nowSeconds - clockToleranceSeconds))",
      'if (false)',
    ),
    without('`jti` must be there', "if (typeof jti !== 'string' || jti === '') return 'jti is missing';"),
    without('a `nonce` is refused', "if (nonce !== undefined) return 'it has a nonce, as ID tokens have';"),
    without(
      '`sub` and `sid` are texts, and one of them is there',
      'if (!isText(sub) || !isText(sid) || (sub === undefined && sid === undefined))',
      'if (false)',
    ),
    without('`sub` or `sid` must be there', ' || (sub === undefined && sid === undefined))', ')'),
    without(
      '`events` must be there',
      "return isLogoutEvent(events) ? undefined : 'events is not that of a logout';",
      'return undefined;',
    ),
    without(
      'the event is an object',
      "return typeof event === 'object' && event !== null && !Array.isArray(event);",
      'return event !== undefined;',
    ),
  ]),
];
