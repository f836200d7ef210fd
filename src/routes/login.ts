import type { Request, Response } from 'express';
import type { Clock } from '../clock.ts';
import { ConfigurationError, LoginRequiredError } from '../errors.ts';
import { isNavigation, isPrefetch } from '../fetch-metadata.ts';
import type { Provider } from '../provider/provider.ts';
import type { LoginParameters } from '../request-types.ts';
import type { Answers } from './answers.ts';
import type { PendingLogins } from './pending-logins.ts';
import { readQuery } from './read-query.ts';
import type { ReturnAddressReader } from './return-address.ts';
import type { Urls } from './urls.ts';

export interface LoginOptions {
  readonly providers: ReadonlyMap<string, Provider>;
  readonly pendingLogins: PendingLogins;
  readonly readReturnAddress: ReturnAddressReader;
  readonly urls: Urls;
  readonly answers: Answers;
  readonly now: Clock;
}

export interface Login {
  /** Answers any request by sending the browser to the provider. */
  start(req: Request, res: Response, parameters: LoginParameters): Promise<void>;
  /** `GET /login?returnTo=…&provider=…`; nothing else of the query is looked at. */
  route(req: Request, res: Response): Promise<void>;
}

export function createLogin(options: LoginOptions): Login {
  const { providers, pendingLogins, readReturnAddress, urls, answers, now } = options;

  const start = async (req: Request, res: Response, parameters: LoginParameters) => {
    const returnTo = readReturnAddress(parameters.returnTo) ?? urls.home;
    const provider = choose(providers, parameters.provider);
    if (!provider) {
      sendChoice(req, res, returnTo);
      return;
    }
    const startedAt = now();
    const { url, checks } = await provider.startLogin({
      redirectUri: urls.redirectUri(provider.name),
      prompt: parameters.prompt,
      maxAgeSeconds: parameters.maxAgeSeconds,
      acrValues: parameters.acrValues,
      loginHint: parameters.loginHint,
      uiLocales: parameters.uiLocales,
    });
    const login = { provider: provider.name, checks, returnTo, startedAt };
    await pendingLogins.put(req, res, login, { crossSite: provider.definition.responseMode === 'form_post' });
    answers.redirect(res, 302, url.href);
  };

  const sendChoice = (req: Request, res: Response, returnTo: string) => {
    const links = [...providers.keys()].map((name) => ({ href: urls.login(returnTo, name), label: name }));
    const known = links.filter((link): link is { href: string; label: string } => link.href !== undefined);
    if (known.length === 0) {
      throw new ConfigurationError(
        'With several providers and no login route, req.auth.login() needs a provider.',
      );
    }
    answers.page(req, res, {
      status: 200,
      title: 'Sign in',
      message: 'Choose where you have your account.',
      links: known,
    });
  };

  return {
    start,
    route: async (req, res) => {
      if (isPrefetch(req) || isEmbedded(req))
        throw new LoginRequiredError('A login needs a page of its own.');
      const query = readQuery(req);
      const name = query.get('provider') ?? undefined;
      await start(req, res, {
        returnTo: query.get('returnTo') ?? urls.home,
        ...(name !== undefined && providers.has(name) ? { provider: name } : {}),
      });
    },
  };
}

/** The only provider there is, or the one named; `undefined`: the person must say. */
function choose(providers: ReadonlyMap<string, Provider>, name: string | undefined): Provider | undefined {
  if (name !== undefined) {
    const provider = providers.get(name);
    if (!provider) throw new ConfigurationError(`There is no provider "${name}" among the options.`);
    return provider;
  }
  return providers.size === 1 ? [...providers.values()][0] : undefined;
}

/** A frame, an image or a fetch: a redirect would lead nowhere and leave a pending login behind. */
function isEmbedded(req: Request): boolean {
  return req.headers['sec-fetch-mode'] !== undefined && !isNavigation(req);
}
