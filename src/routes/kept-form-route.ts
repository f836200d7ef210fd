import type { Request, Response } from 'express';
import type { Clock } from '../clock.ts';
import { LoginRequiredError } from '../errors.ts';
import { isNavigation } from '../fetch-metadata.ts';
import { type LoginDemands, refuseRound, wasPromptedSince } from '../freshness.ts';
import type { Provider } from '../provider/provider.ts';
import type { BrowserSession } from '../session/browser-session.ts';
import type { Identity } from '../session/identity.ts';
import type { Answers } from './answers.ts';
import type { KeptForm, KeptForms } from './kept-forms.ts';
import type { Login } from './login.ts';
import { readQuery } from './request-input.ts';
import type { ReturnAddressReader } from './return-address.ts';
import type { RouteHandler } from './route-table.ts';
import type { Urls } from './urls.ts';

/** What it is made of. */
export interface KeptFormRouteOptions {
  readonly keptForms: KeptForms;
  readonly providers: ReadonlyMap<string, Provider>;
  readonly startLogin: Login['start'];
  readonly readReturnAddress: ReturnAddressReader;
  readonly urls: Urls;
  readonly answers: Answers;
  readonly now: Clock;
}

/** The way of a form through a login. */
export interface KeptFormRoute {
  /** Keeps what a guard has refused, and says so; else says that it was not saved. */
  keep(req: Request, res: Response, asked: { publicPath: string; demands: LoginDemands }): Promise<void>;
  /**
   * Leads to the login, and after it to a page with a button, which sends the form to where it was sent first: nothing
   * is done with it before the person says so, and somebody else gets nothing.
   */
  readonly route: RouteHandler;
}

/** Makes it. */
export function createKeptFormRoute(options: KeptFormRouteOptions): KeptFormRoute {
  const { keptForms, providers, startLogin, readReturnAddress, urls, answers, now } = options;
  const home = { href: urls.home, label: 'home' } as const;

  const logIn = async (req: Request, res: Response, form: KeptForm, browser: BrowserSession) => {
    const { identity } = browser;
    if (!isNavigation(req)) throw new LoginRequiredError('What was kept needs a login.');
    if (identity) refuseRound(identity, form.demands, now());
    const place = readQuery(req).get('form') ?? '';
    const provider = providers.has(form.provider) ? { provider: form.provider } : {};
    await startLogin(req, res, { ...form.demands, ...provider, returnTo: urls.keptForm(place), browser });
  };

  const meets = (identity: Identity, { demands, keptAt }: KeptForm) => {
    const provider = providers.get(identity.provider);
    if (demands.prompt && !wasPromptedSince(identity, { since: keptAt, now: now() })) return false;
    return provider !== undefined && provider.findUnmetRequirement(identity, demands) === undefined;
  };

  const ask = (req: Request, res: Response, { action, fields }: KeptForm) =>
    answers.page(req, res, {
      status: 200,
      // Where it is sent to is the application's: nothing here sees it go.
      name: 'form_to_send',
      values: { action },
      form: { action, fields, label: 'sendIt', leadsAnywhere: true },
      links: [{ ...home, label: 'doNotSendIt' }],
    });

  const sayGone = (req: Request, res: Response) =>
    answers.page(req, res, {
      status: 404,
      name: 'form_gone',
      subject: { page: 'error', code: 'form_gone', during: 'login' },
      links: [home],
    });

  const refuse = (req: Request, res: Response) =>
    answers.page(req, res, {
      status: 403,
      name: 'form_of_another',
      subject: { page: 'error', code: 'form_of_another', during: 'login' },
      links: [home],
    });

  return {
    keep: async (req, res, { publicPath, demands }) => {
      const action = readReturnAddress(publicPath);
      const place = action && (await keptForms.keep(req, res, { action, demands }));
      await answers.sendLoginPage(req, res, typeof place === 'number' ? urls.keptForm(place) : undefined);
    },

    route: async (req, res, browser) => {
      const form = await keptForms.open(req, readQuery(req).get('form'));
      const { fault, identity } = browser;
      if (fault) throw fault;
      if (!form) await sayGone(req, res);
      else if (identity && !keptForms.isOf(form, identity)) await refuse(req, res);
      else if (identity && meets(identity, form)) await ask(req, res, form);
      else await logIn(req, res, form, browser);
    },
  };
}
