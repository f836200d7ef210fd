import { describe, expect, it } from '@jest/globals';
import { providers } from 'express-connect-auth';
import { OUR_TEXTS } from '../../src/pages/all-texts.ts';
import { construct } from '../support/construct.ts';

const { en } = OUR_TEXTS;
const provider = providers.oidc({ issuer: 'https://id.example.com', clientId: 'app' });

const wrong: [what: string, pages: object, message: RegExp][] = [
  ['a path, as Auth.js has it', { error: '/error' }, /pages\.error must be a function; it is a string of 6/],
  ['a path for the login', { signIn: '/in' }, /pages has no option "signIn"\. Paths go into routes/],
  [
    'an unknown option',
    { langauges: ['de'] },
    /pages has no option "langauges"\. Did you mean "languages"\?/,
  ],
  ['no language', { languages: [] }, /pages\.languages must be one language at least/],
  [
    'a language without texts',
    { languages: ['de', 'it'] },
    /no texts in "it"\. It has: en, de, .*pages\.texts/,
  ],
  ['texts of what is no language', { texts: { 'my language': {} } }, /named after a language, such as "it"/],
  [
    'a language that lacks texts',
    { texts: { it: { ...en, labels: { ...en.labels, home: undefined } } } },
    /pages\.texts\.it must have all texts.* It lacks labels\.home\./,
  ],
  [
    'a language without any',
    { texts: { it: {} } },
    /It lacks pages\.login_invalid\.title, .* and \d+ more\./,
  ],
  [
    'an unknown page',
    { texts: { de: { pages: { sign_outt: {} } } } },
    /"sign_outt"\. Did you mean "sign_out"\?/,
  ],
  ['an unknown label', { texts: { de: { labels: { hom: 'x' } } } }, /"hom"\. Did you mean "home"\?/],
  [
    'a placeholder that is none',
    { texts: { de: { labels: { reference: 'Nr. {number}' } } } },
    /nothing is filled in for \{number\}\. There is \{reference\} here\./,
  ],
  ['a text that is none', { texts: { de: { labels: { home: 3 } } } }, /labels\.home must be a string/],
  ['a colour by name', { brand: { accent: 'red' } }, /brand\.accent must be a colour such as "#2456c9"/],
  ['a colour that is none', { brand: { accentDark: '#12345' } }, /brand\.accentDark must be a colour/],
  ['a font that ends the style', { brand: { font: 'x } </style>' } }, /brand\.font must be names of fonts/],
  [
    'a logo on plain http',
    { brand: { logo: 'http://example.com/x.svg' } },
    /brand\.logo must be a path such as/,
  ],
  [
    'a logo that is a script',
    { brand: { logo: 'javascript:alert(1)' } },
    /brand\.logo must be a path such as/,
  ],
  ['a logo that is a page', { brand: { logo: 'data:text/html,x' } }, /brand\.logo must be a path such as/],
  [
    'a logo of another host',
    { brand: { logo: '//example.com/x.svg' } },
    /brand\.logo must be a path such as/,
  ],
  [
    'a large logo',
    { brand: { logo: `data:image/png;base64,${'A'.repeat(70_000)}` } },
    /brand\.logo must be at most 65536 characters long/,
  ],
  ['a radius', { brand: { radius: 99 } }, /brand\.radius must be a number from 0 to 24/],
  [
    'a provider that there is not',
    { providers: { gogle: {} } },
    /there is no provider "gogle"\. There is: google/,
  ],
  [
    'an unknown option of a provider',
    { providers: { google: { nme: 'G' } } },
    /"nme"\. Did you mean "name"\?/,
  ],
  [
    'an origin with a path',
    { origins: ['https://cdn.example.com/x'] },
    /pages\.origins\[0\] must be an origin/,
  ],
];

describe('the options of pages', () => {
  it.each(wrong)('refuse %s', (_, pages, message) => {
    expect(construct({ provider: undefined, providers: { google: provider }, pages })).toMatch(message);
  });

  it('take logos of every kind', () => {
    for (const logo of [
      '/logo.svg',
      'https://cdn.example.com/logo.svg',
      'data:image/svg+xml,%3Csvg/%3E',
      'data:image/png;base64,AAAA',
    ])
      expect(construct({ pages: { brand: { logo, accent: '#ABC' } } })).toBeInstanceOf(Function);
  });
});
