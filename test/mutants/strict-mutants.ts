import { inFile, type Mutant } from './mutant.ts';

const pushed = 'strict/pushed-requests.test.ts';
const dpop = 'strict/dpop.test.ts';
const profiles = 'strict/profiles.test.ts';
const proof = 'come by a login, are refreshed, and are sent with a proof';

const PUSHED = inFile('provider/request-url.ts', [
  {
    id: 'R-60',
    what: 'what is pushed is not in the address',
    text: 'if (pushes) {',
    becomes: 'if (false) {',
    test: pushed,
  },
  {
    id: 'R-60',
    what: 'nothing stands beside a signed request',
    text: 'request ? { request } : params',
    becomes: 'request ? { ...Object.fromEntries(new URLSearchParams(params)), request } : params',
    test: 'strict/signed-requests.test.ts',
  },
  {
    id: 'R-61',
    what: 'what could not be pushed goes no other way',
    text: 'return client.buildAuthorizationUrlWithPAR(configuration, request ? { request } : params);',
    becomes: `return client
      .buildAuthorizationUrlWithPAR(configuration, request ? { request } : params)
      .catch(() => client.buildAuthorizationUrl(configuration, params));`,
    test: pushed,
  },
  {
    id: 'R-62',
    what: 'the provider’s demand is obeyed',
    text: 'pushedAuthorizationRequests === true || isDemanded === true',
    becomes: 'pushedAuthorizationRequests === true',
    test: pushed,
  },
]);

const PROOFS = [
  ...inFile('provider/token-requests.ts', [
    {
      id: 'R-63',
      what: 'each session has a key of its own',
      text: 'const dpopKey = definition.dpop ? createDpopKey() : undefined;',
      becomes: 'const dpopKey = definition.dpop ? ((prover as any).key ??= createDpopKey()) : undefined;',
      test: 'strict/dpop-keys.test.ts',
    },
    {
      id: 'R-64',
      what: 'the token endpoint is asked again with its nonce',
      text: 'if (key && isNonceWanted(error)) return ask();',
      becomes: '',
      test: dpop,
      titles: proof,
    },
    {
      id: 'R-64',
      what: 'it is asked again once',
      text: 'if (key && isNonceWanted(error)) return ask();',
      becomes: 'if (key && isNonceWanted(error)) return ask().catch(ask);',
      test: dpop,
      titles: 'is asked for a nonce once',
    },
  ]),
  ...inFile('dpop.ts', [
    {
      id: 'R-63',
      what: 'a proof names its address without the query',
      text: 'htu: origin + pathname,',
      becomes: 'htu: String(url),',
      test: dpop,
      titles: proof,
    },
    {
      id: 'R-63',
      what: 'a proof names its method',
      text: 'htm: method,',
      becomes: "htm: 'GET',",
      test: dpop,
      titles: proof,
    },
    {
      id: 'R-63',
      what: 'a proof is of this moment',
      text: 'iat: Math.floor(now() / 1000),',
      becomes: 'iat: 1_000_000_000,',
      test: 'conformance/conformance.test.ts',
      titles: 'happy-path-no-dpop-nonce',
    },
    {
      id: 'R-63',
      what: 'each proof has a name of its own',
      text: "jti: randomBytes(16).toString('base64url'),",
      becomes: "jti: 'a proof',",
      test: dpop,
      titles: proof,
    },
    {
      id: 'R-63',
      what: 'a proof names its access token',
      text: 'ath: accessToken && ',
      becomes: 'ath: undefined && ',
      test: dpop,
      titles: proof,
    },
    {
      id: 'R-64',
      what: 'a nonce is for the server that gave it',
      text: 'nonce: nonce ?? nonces.get(origin),',
      becomes: 'nonce: nonce ?? [...nonces.values()].at(-1),',
      test: 'strict/dpop-keys.test.ts',
    },
  ]),
  ...inFile('fetch-with-token.ts', [
    {
      id: 'R-64',
      what: 'an API is asked again with its nonce',
      text: 'if (!call.token.dpopKey || !wantsNonce(answer) || !isRepeatable(call.init.body)) return answer;',
      becomes: 'return answer;',
      test: dpop,
      titles: 'an API that demands a nonce is asked once more with it',
    },
    {
      id: 'R-65',
      what: 'a bound token is not sent as a bearer’s',
      text: "key ? 'DPoP' : 'Bearer'",
      becomes: "'Bearer'",
      test: dpop,
      titles: 'never sent as those of a bearer',
    },
  ]),
  ...inFile('provider/token-answer.ts', [
    {
      id: 'R-65',
      what: 'a bearer token is refused where a bound one was asked for',
      text: 'type.toLowerCase() === wanted.toLowerCase()',
      becomes: "['bearer', 'dpop'].includes(type.toLowerCase())",
      test: dpop,
      titles: 'does not bind tokens is refused',
    },
  ]),
  ...inFile('user/api-access.ts', [
    {
      id: 'R-65',
      what: 'a bound token is given to nobody',
      text: 'if (dpopKey === undefined) return accessToken;',
      becomes: 'return accessToken;',
      test: dpop,
      titles: 'are not given away',
    },
  ]),
];

const PROFILE_SIGNATURES = inFile('provider/profiles/signing-algorithms.ts', [
  {
    id: 'R-66',
    what: 'RS256 is none of the algorithms',
    text: "readonly PublicKeyAlgorithm[] = ['PS256', ",
    becomes: "readonly PublicKeyAlgorithm[] = ['RS256', 'PS256', ",
    test: profiles,
  },
]);

const PROFILES = inFile('provider/profiles/fapi.ts', [
  {
    id: 'R-66',
    what: 'what a profile forbids is refused',
    text: 'if (broken.length > 0)',
    becomes: 'if (false)',
    test: profiles,
  },
  {
    id: 'R-66',
    what: 'what differs from a profile is forbidden',
    text: 'return value !== undefined && !allowed.includes(value);',
    becomes: 'return false;',
    test: profiles,
  },
  {
    id: 'R-66',
    what: 'metadata comes from discovery alone',
    text: '({ metadata }) => metadata !== undefined',
    becomes: '() => false',
    test: profiles,
  },
  {
    id: 'R-66',
    what: 'there is no secret',
    text: '({ clientSecret }) => clientSecret !== undefined',
    becomes: '() => false',
    test: profiles,
  },
  {
    id: 'R-66',
    what: 'requests are pushed',
    text: 'pushedAuthorizationRequests: true,',
    becomes: '',
    test: profiles,
  },
]);

/** Pushed requests, tokens that are bound to a key, and the profiles. */
export const STRICT_MUTANTS: readonly Mutant[] = [...PUSHED, ...PROOFS, ...PROFILE_SIGNATURES, ...PROFILES];
