import fc from 'fast-check';

/** A return address that somebody may try, and what it is an example of. */
export interface RedirectPayload {
  readonly kind: string;
  readonly text: string;
}

/** A return address that must be followed, and the form it is followed in. */
export interface HonestAddress {
  readonly text: string;
  readonly followed: string;
}

const EVIL = 'evil.example';

const INVISIBLE = [...'\t\n\r\0 \u000b\u000c\u007f\u0085\u00a0\u00ad\u2028\ufeff'];

/** What may stand between the start of an address and a host. Every pair of these is tried. */
const SEPARATORS = [
  ...split(String.raw`/ \ // \\ /\ \/ /// //// /./ /../ /.// /..// /./\ /;/ /@ /: ? # /%2e/ /%2e%2e/ /%2E//`),
  ...split('/.%2e// /%2e.// /%2f /%5c %2f %5c /%252f /%255c /%09 /%0a /%0d /%00 /%20 /%0d%0a'),
  ...INVISIBLE,
  ...INVISIBLE.slice(0, 5).map((character) => `/${character}`),
];

/** Names of other hosts, in the ways that a check and a browser may read differently. */
const FOREIGN_HOSTS = [
  ...split('evil.example evil.example:80 evil.example. .evil.example user@evil.example :@evil.example'),
  ...split('user:secret@evil.example @evil.example evil%E3%80%82example evil。example evil．example'),
  ...split('evil｡example ⓔvil.example EVIL.EXAMPLE еvil.example evil.example%00 evil%2eexample'),
  ...split('xn--vil-hoa.example 2130706434 0x7f000002 017700000002 127.2 127.0.0.2 [::2] [::ffff:7f00:2]'),
  ...['evil.example\u00ad', 'evil\u200d.example', 'evil\ufe52example', '\u202eelpmaxe.live'],
];

const SCHEMES = [
  ...split('http: https: HTTPS: hTtP: ftp: ws: wss: file: blob:https: view-source:https: https%3a /https:'),
  ...['h\tttps:', 'ht\ntps:', '\thttps:', ' https:', '\u0001https:', 'https\t:', '//https:', '\u00a0https:'],
];

const CODE = [
  ...split('javascript:alert(1) JaVaScRiPt:alert(1) javascript://%0aalert(1) javascript:/**/alert(1) x:y'),
  ...split('javascript&colon;alert(1) vbscript:msgbox(1) data:text/html,<script> DATA:,x about:blank'),
  ...split('data:text/html;base64,PHNjcmlwdD4= intent://evil.example#Intent;end /javascript:alert(1)'),
  ...['java\tscript:alert(1)', 'java\nscript:x', '\u0001javascript:alert(1)', ' javascript:alert(1)'],
];

/** Paths that stay here when they are read for the first time, and leave when their normal form is read again. */
const NORMALISED = [
  ...split(String.raw`/.// /..// /./\ /.\/ /.\\ /a/..// /a/b/../..// /a/../..// /%2e// /%2e%2e// /.%2e//`),
  ...split(
    String.raw`/%2E.// /a/%2e%2e// /a/%2E%2E// /./.// /../..// /.../ /.///  /..\\ /a/..\\ /a/../// /x/./..//`,
  ),
  ...split('/./%2e// /..;//../..// /;/../..//'),
  ...['/\t.//', '/.\t//', '/.\n./\t/', '/.\r/\r/', '/%2\te//', '/a/.\n.//'],
];

const SPLIT_RESPONSES = [
  ...split(
    '/%0d%0aSet-Cookie:session=evil /%E5%98%8A%E5%98%8DLocation:evil /嘊嘍Location:evil /%u000aX:y /%00 /a%0Ab',
  ),
  ...[
    '/\r\nLocation: https://evil.example/',
    '/\r\n\r\n<script>',
    '/\n',
    '/\r',
    '/\0',
    '/\u0001',
    '/\u001f',
    '/\u007f',
  ],
  ...['/\u2028//evil.example', '/\u2029//evil.example', '/\u0085//evil.example', '/\u010d\u010aX: y'],
];

const BROKEN_TEXT = [
  ...split('/%ED%A0%80 /%FF /% /%2 /%zz /%E0%A4%A /%c0%af/evil.example /%c0%2f /%uFF0F/evil.example'),
  ...split('/／/evil.example ／／evil.example /＼/evil.example ∕∕evil.example'),
  ...[
    '/\ud800',
    '/\udfff',
    '/\ud800//evil.example',
    '\ud83d',
    '/\u202eelpmaxe.live//',
    '\ufeff//evil.example',
  ],
];

const NO_ADDRESSES = [
  '',
  ...split('. .. ... a me ./me ../me ?x #x %2f %2Fme ; @ * null undefined [object Object]'),
];

/**
 * Return addresses that a careless check lets through, for an application at `origin`: several thousand, each as it
 * stands and as it is after one and two decodings. Not every one is harmful: `/%2f/x` is a path like others.
 */
export function createRedirectPayloads(origin: string): RedirectPayload[] {
  const { host, hostname, protocol } = new URL(origin);
  const otherProtocol = protocol === 'http:' ? 'https:' : 'http:';
  const starts = ['//', '/\\', '///', `${protocol}//`, 'https:', 'http:\\\\', '/.//'];
  const middles = ['', '/', '//', '///', '\\', '\\\\', '/\\', '//@', '/%2f', '//\t'];
  // Behind our own name: what a comparison by prefix takes for ours.
  const glues = split(String.raw`. @ :80@ %40 %2e - %00. \@ \. ;@ #@ ?@ 。 /@ : // /\ \ /.// /a/..// /%09/`);
  const texts: Record<string, string[]> = {
    'two separators': SEPARATORS.flatMap((first) => SEPARATORS.map((second) => `${first}${second}${EVIL}`)),
    'a foreign host': FOREIGN_HOSTS.flatMap((name) => starts.map((start) => `${start}${name}/x`)),
    'a scheme': [...SCHEMES, protocol].flatMap((scheme) =>
      middles.map((middle) => `${scheme}${middle}${EVIL}`),
    ),
    'a name like ours': [...glues, '\t.', '/\t/'].flatMap((glue) => [
      ...[`${origin}${glue}${EVIL}`, `//${host}${glue}${EVIL}`, `${origin}${glue}${EVIL}/me`],
    ]),
    'a neighbour': [
      ...[`${protocol}//${hostname}:1/me`, `${protocol}//sub.${host}/me`, `${protocol}//evil${host}/me`],
      ...[
        `${otherProtocol}//${host}/me`,
        `ftp://${host}/me`,
        `//${host}`,
        `//${host}/me`,
        `blob:${origin}/x`,
      ],
      ...[
        `${protocol}//user@${host}/me`,
        `${origin.toUpperCase()}/me`,
        `${protocol}${host}`,
        origin,
        `${origin}.`,
      ],
    ],
    code: CODE,
    'the normalisation trap': NORMALISED.flatMap((trap) => [`${trap}${EVIL}`, `${trap}${EVIL}/..`]),
    'a split response': SPLIT_RESPONSES,
    'broken text': BROKEN_TEXT,
    'no address': NO_ADDRESSES,
  };
  const payloads = Object.entries(texts).flatMap(([kind, raw]) =>
    raw.flatMap((text) => [text, decode(text), decode(decode(text))].map((form) => ({ kind, text: form }))),
  );
  return [...new Map(payloads.map((payload) => [payload.text, payload])).values()];
}

/** Addresses that an honest application asks for: a check that drops one of them is too strict. */
export function createHonestAddresses(origin: string): HonestAddress[] {
  const unchanged = [
    ...split('/ /me /me/ /a/b.c/d /me?tab=2 /me#part /a;v=1 /a:b /@user /~user /x?next=//evil.example'),
    ...split('/x?next=https://evil.example/ /x#//evil.example /x?u=javascript:alert(1) /a//b /evil.example'),
    ...split('/https://evil.example /x/?@evil.example /%20 /%2f/evil.example /%2F%2Fevil.example'),
    ...split('/%5cevil.example /%09/evil.example /%0a/evil.example /%252f%252fevil.example /%E2%82%AC'),
    ...split('/loginx /logout-help /oauth /oauth/callbacks /x?login /... /..a /.well-known/x /a/.../b'),
    ...split('/x?q=a+b&c=%26 /x?returnTo=/login /x?%0d%0aSet-Cookie:a=b /x?a[]=1&a[]=2'),
    ...split("/:80 /@evil.example /;/evil.example /a'b(c)*!$&+,="),
  ].map((text) => ({ text, followed: text }));
  return [
    ...unchanged,
    { text: `${origin}/me?tab=2#part`, followed: '/me?tab=2#part' },
    { text: '/me?#', followed: '/me' },
    { text: '/a/../b', followed: '/b' },
    { text: '/./me', followed: '/me' },
    { text: '/a/%2e%2e/b', followed: '/b' },
    { text: '/é?ü#ö', followed: '/%C3%A9?%C3%BC#%C3%B6' },
    { text: '/😀', followed: '/%F0%9F%98%80' },
    { text: '/a"b<c>', followed: '/a%22b%3Cc%3E' },
    { text: '/\ud800', followed: '/%EF%BF%BD' },
    { text: '/\u2028', followed: '/%E2%80%A8' },
  ];
}

/** Addresses put together at random from what matters to URL parsers. */
export function arbitraryAddress(origin: string): fc.Arbitrary<string> {
  const { host, protocol } = new URL(origin);
  const pieces = [
    ...SEPARATORS,
    ...SCHEMES,
    ...FOREIGN_HOSTS,
    origin,
    host,
    protocol,
    'me',
    '.',
    '..',
    'a',
    '%',
  ];
  const piece = fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom(...pieces) },
    { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 3 }) },
  );
  return fc.array(piece, { maxLength: 8 }).map((parts) => parts.join(''));
}

function split(words: string): string[] {
  return words.split(/ +/);
}

/** Decodes once, and byte by byte where the whole is no UTF-8. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text.replace(/%([0-9a-f]{2})/gi, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)));
  }
}
