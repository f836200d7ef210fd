import express, { type Response } from 'express';
import type { PageOptions } from 'express-connect-auth';
import { readOptions } from '../../src/options/option-table.ts';
import { completePages, PAGE_OPTIONS } from '../../src/options/page-options.ts';
import { PAGE_NAMES, type PageName } from '../../src/page-texts.ts';
import type { Page } from '../../src/pages/page.ts';
import { createPageSender, type PageSenderOptions } from '../../src/pages/page-sender.ts';
import { listen } from './listen.ts';

const home = { href: '/', label: 'home' } as const;
const again = { href: '/login?returnTo=%2Fme', label: 'signInAgain' } as const;

/** What pages have beside their words, where it is more than a link or two. */
const more: { readonly [Name in PageName]?: Partial<Page> } = {
  login_not_brought: { values: { homeUrl: 'https://app.example.com/' } },
  login_insufficient: { links: [again, home] },
  login_unprovable: { links: [{ href: '/login?prompt=select_account', label: 'useAnotherAccount' }, home] },
  login_refused: {
    links: [{ href: '/login?prompt=select_account', label: 'useAnotherAccount' }, home],
    form: { action: '/logout?provider=work', label: 'signOutOfService', fields: {}, isSecond: true },
  },
  access_denied: {
    missing: {
      roles: ['admin', 'editor'],
      scopes: ['orders.read'],
      claims: ['team'],
      amr: ['mfa'],
    },
  },
  login_required: { links: [{ href: '/login?returnTo=%2Fme', label: 'signIn' }, home] },
  form_not_kept: { links: [{ href: '/login', label: 'signIn' }, home] },
  form_kept: { links: [{ href: '/kept-form?form=0', label: 'signIn' }, home] },
  form_to_send: {
    values: { action: '/orders/2026/a-rather-long-path-that-no-line-of-a-phone-can-hold?with=a&query=too' },
    form: { action: '/orders', label: 'sendIt', fields: { amount: '3' }, leadsAnywhere: true },
    links: [{ href: '/', label: 'doNotSendIt' }],
  },
  choose: {
    links: [],
    subject: {
      page: 'choose',
      providers: ['work-account', 'github', 'google', 'a-provider-with-a-long-name'].map((provider) => ({
        provider,
        href: `/login?provider=${provider}`,
      })),
    },
  },
  login_done: { links: [{ href: '/', label: 'continue' }] },
  signed_in: {
    subject: { page: 'signedOut', state: 'signed_in' },
    links: [home, { href: '/logout', label: 'signOut' }],
  },
  signed_out: { links: [{ href: '/login', label: 'signIn' }, home] },
  signed_out_here: {
    links: [
      { href: '/', label: 'continue' },
      { href: '/logout', label: 'tryAgain' },
    ],
  },
  signing_out: {
    links: [],
    form: { action: '/elsewhere', label: 'continue', fields: { id_token_hint: 'a hint' } },
  },
  sign_out: {
    form: { action: '/logout', label: 'signOut', fields: {} },
    links: [{ href: '/', label: 'staySignedIn' }],
  },
  frame_signed_out: { links: [] },
};

/** Every page that there is, as the routes send it but for scripts; those of a fault have a reference. */
export const allPages: ReadonlyMap<PageName, Page> = new Map(
  PAGE_NAMES.map((name) => {
    const subject = { page: 'error', code: name, during: 'login', reference: 'K7QX-2M9D' } as const;
    const isFault = /^(login_(?!done)|provider|store|access|cross|unexpected|form_(gone|of))/.test(name);
    const page = { status: 200, name, links: [again, home], ...(isFault && { subject }), ...more[name] };
    return [name, page satisfies Page];
  }),
);

/** Serves each of them at its name. */
export async function servePages(
  options: PageOptions = {},
  more: Partial<Pick<PageSenderOptions, 'patienceMs' | 'reportFault'>> = {},
) {
  const given = readOptions('connectAuth(): pages', options, PAGE_OPTIONS);
  const send = createPageSender({
    pages: completePages('connectAuth(): pages', given, undefined),
    formTargets: () => [],
    reportFault: async () => 'none',
    ...more,
  });
  const app = express();
  app.get('/logo/:color', (req, res: Response) => {
    res.type('svg').send(logo(req.params.color));
  });
  app.get('/:name', (req, res) => send(req, res, allPages.get(req.params.name as PageName)!));
  return listen(app);
}

/** A logo of the brand of the tests. */
export function logo(color: string): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" width="120" height="32"><rect width="32" height="32" rx="8" fill="${color}"/><text x="40" y="22" font-size="18" font-family="sans-serif" fill="${color}">Example</text></svg>`;
}
