import { inFile, type Mutant } from './mutant.ts';

const test = 'provider/id-token.test.ts';
const demands = 'login/login-demands.test.ts';

const CLAIMS = inFile('provider/id-token.ts', [
  {
    id: 'R-07',
    what: 'the issuer is compared',
    text: '...(definition.tenants && !expected.issuer ? {} : { issuer: expected.issuer ?? definition.issuer }),',
    becomes: '',
    test,
  },
  {
    id: 'R-08',
    what: 'the audience must hold the client',
    text: 'audience: [...(expected.audiences ?? [clientId])],',
    becomes: '',
    test,
  },
  {
    id: 'R-08',
    what: 'an audience that nobody trusts is refused',
    text: 'if (unknown.length > 0) {',
    becomes: 'if (false) {',
    test,
  },
  {
    id: 'R-09',
    what: '`azp` must be the client',
    text: "return { member: 'azp', expected: show(clientId), got: show(azp), option: 'clientId' };",
    becomes: 'return undefined;',
    test,
  },
  {
    id: 'R-09',
    what: 'several audiences demand an `azp`',
    text: 'if (azp === undefined && own === undefined && audiences.length > 1)',
    becomes: 'if (false)',
    test,
  },
  {
    id: 'R-11',
    what: 'the algorithm is the configured one',
    text: 'algorithms: [identity.algorithm],',
    becomes: '',
    test,
  },
  {
    id: 'R-12',
    what: '`exp` is judged within a small tolerance',
    text: 'clockTolerance: tolerance,',
    becomes: 'clockTolerance: 3600,',
    test,
  },
  {
    id: 'R-12',
    what: '`exp` must be there',
    text: "requiredClaims: ['sub', 'iat', 'exp'],",
    becomes: "requiredClaims: ['sub', 'iat'],",
    test: 'provider/conformance-core.test.ts',
    titles: 'by query refuses an ID token that never ends',
  },
  {
    id: 'R-13',
    what: '`iat` lies in the past',
    text: 'if (iat! > nowSeconds + tolerance) {',
    becomes: 'if (false) {',
    test,
  },
  {
    id: 'R-13',
    what: '`iat` is no older than an hour, and a time at all',
    text: 'if (iat! >= nowSeconds - tolerance - MAX_AGE_SECONDS) return undefined;',
    becomes: 'return undefined;',
    test,
  },
  {
    id: 'R-14',
    what: '`nbf` is judged by this machine’s clock',
    text: 'currentDate: new Date(now()),',
    becomes: 'currentDate: new Date(now() + 120_000),',
    test,
  },
  {
    id: 'R-17',
    what: '`at_hash` is compared',
    text: 'if (at_hash === expected) return undefined;',
    becomes: 'return undefined;',
    test,
  },
  {
    id: 'R-18',
    what: '`sub` is a text',
    text: "typeof sub === 'string' && /^[ -~]+$/.test(sub) && sub.length <= MAX_SUB_LENGTH;",
    becomes: '/^[ -~]+$/.test(String(sub)) && String(sub).length <= MAX_SUB_LENGTH;',
    test,
  },
  {
    id: 'R-18',
    what: '`sub` is printable ASCII, and not empty',
    text: ' && /^[ -~]+$/.test(sub)',
    becomes: '',
    test,
  },
  {
    id: 'R-18',
    what: '`sub` is no longer than 255 characters',
    text: ' && sub.length <= MAX_SUB_LENGTH',
    becomes: '',
    test,
  },
  {
    id: 'R-26',
    what: '`typ` is that of no other token',
    text: "if (typ !== undefined && String(typ).toUpperCase() !== 'JWT')",
    becomes: 'if (false)',
    test,
  },
  {
    id: 'R-26',
    what: 'the `events` of a logout token are none of an ID token',
    text: "return 'events' in payload ? 'it has the events of a logout token' : undefined;",
    becomes: 'return undefined;',
    test,
  },
]);

const SIGNATURES = [
  ...inFile('provider/signing-keys.ts', [
    {
      id: 'R-10',
      what: 'the signature is verified',
      text: 'return await jwtVerify(jwt, find, options);',
      becomes: `const jose = await import('jose');
    const unsigned = [Buffer.from('{"alg":"none"}').toString('base64url'), jwt.split('.')[1], ''].join('.');
    return {
      payload: jose.UnsecuredJWT.decode(unsigned, options).payload,
      protectedHeader: jose.decodeProtectedHeader(jwt) as never,
    };`,
      test,
    },
    {
      id: 'R-24',
      what: 'where several keys fit the header, each is tried',
      text: 'if (!(error instanceof errors.JWKSMultipleMatchingKeys)) throw error;',
      becomes: 'throw error;',
      test,
    },
    {
      id: 'R-25',
      what: 'a key in the header is not looked at',
      text: 'return await jwtVerify(jwt, find, options);',
      becomes: `const { decodeProtectedHeader, EmbeddedJWK } = await import('jose');
    return await jwtVerify(jwt, decodeProtectedHeader(jwt).jwk ? EmbeddedJWK : find, options);`,
      test,
    },
  ]),
  ...inFile('provider/quirks/weak-rsa.ts', [
    {
      id: 'R-11',
      what: 'short keys verify RS256 and nothing else',
      text: "(alg ?? 'RS256') === 'RS256' &&",
      becomes: '',
      test: 'provider/replaced-keys.test.ts',
      titles: 'keys of few bits',
    },
  ]),
  ...inFile('provider/oidc.ts', [
    {
      id: 'R-11',
      what: '`none` is no algorithm',
      text: 'const checkAlgorithm = oneOf(',
      becomes: "const checkAlgorithm = oneOf('none' as 'RS256',",
      test,
    },
  ]),
  ...inFile('provider/preset-options.ts', [
    {
      id: 'R-11',
      what: 'a secret for HMAC is as long as its hash',
      text: 'if (Buffer.byteLength(secret) < bytes && !shortBy?.allowed) {',
      becomes: 'if (false) {',
      test,
    },
  ]),
];

const STRENGTH = [
  ...inFile('provider/identity-verifier.ts', [
    {
      id: 'R-15',
      what: 'an `auth_time` in the future is refused',
      text: 'if (isTime(authTime) && authTime > now() / 1000 + clockToleranceSeconds)',
      becomes: 'if (false)',
      test,
    },
    {
      id: 'R-15',
      what: 'a login must prove what was asked of it',
      text: 'checkStrength(verified.payload, checks, { definition, name, now });',
      becomes: '',
      test: demands,
    },
  ]),
  ...inFile('freshness.ts', [
    {
      id: 'R-15',
      what: '`max_age` demands an `auth_time`',
      text: "if (authTime === undefined) return 'auth_time is missing though max_age was asked';",
      becomes: 'if (authTime === undefined) return undefined;',
      test: demands,
    },
    {
      id: 'R-15',
      what: '`max_age` demands a fresh `auth_time`',
      text: "if (!(age <= maxAgeSeconds + rules.clockToleranceSeconds)) return 'auth_time is older than max_age';",
      becomes: '',
      test: demands,
    },
    {
      id: 'R-16',
      what: 'the class that was asked for is compared',
      text: "if (acrValues && !meetsAcr(acr, acrValues, rules.acr)) return 'acr does not answer those asked for';",
      becomes: '',
      test: demands,
    },
    {
      id: 'R-16',
      what: 'a class that was asked for must be there',
      text: 'if (acr === undefined) return false;',
      becomes: 'if (acr === undefined) return true;',
      test: demands,
    },
  ]),
];

const encrypted = 'strict/protected-answers.test.ts';

const ENCRYPTION = [
  ...inFile('provider/encrypted-token.ts', [
    {
      id: 'R-23',
      what: 'what is compressed is refused',
      text: "if (zip !== undefined) return { member: 'zip', expected: 'no compression', got: show(zip) };",
      becomes: '',
      test: encrypted,
      titles: 'an encrypted ID token that is compressed',
    },
    {
      id: 'R-23',
      what: 'only the configured algorithm counts',
      text: "if (alg !== encryption.alg) return { member: 'alg', expected: encryption.alg, got: show(alg) };",
      becomes: '',
      test: encrypted,
      titles: 'an encrypted ID token by another algorithm',
    },
    {
      id: 'R-23',
      what: 'what is encrypted is signed within',
      text: 'if (!isJwt(inner))',
      becomes: 'if (false)',
      test: encrypted,
      titles: 'an encrypted ID token that nobody has signed',
    },
  ]),
  ...inFile('provider/protected-answers.ts', [
    {
      id: 'R-23',
      what: 'what is only signed is refused where it must be encrypted',
      text: 'encryption ? openEncrypted(',
      becomes: "encryption && jwt.split('.').length === 5 ? openEncrypted(",
      test: encrypted,
      titles: 'an encrypted ID token that is only signed',
    },
  ]),
];

/** What is checked of an ID token, R-07 to. */
export const ID_TOKEN_MUTANTS: readonly Mutant[] = [...CLAIMS, ...SIGNATURES, ...STRENGTH, ...ENCRYPTION];
