import type { IncomingMessage } from 'node:http';
import type { Diagnostics } from '../diagnostics.ts';
import { createFaultReport } from '../fault-report.ts';
import type { ResolvedOptions } from '../options/options.ts';
import { createPageSender } from '../pages/page-sender.ts';
import type { Provider } from '../provider/provider.ts';
import { createAnswers } from '../routes/answers.ts';
import { createHostNames } from '../routes/host-names.ts';
import { createReturnAddressReader } from '../routes/return-address.ts';
import { createUrls } from '../routes/urls.ts';
import { findFormTargets } from './provider-parts.ts';

/** Addresses, pages, and how faults are answered. */
export type AnswerParts = ReturnType<typeof createAnswerParts>;

/** Makes them. */
export function createAnswerParts(
  options: ResolvedOptions,
  { providers, diagnostics }: { providers: ReadonlyMap<string, Provider>; diagnostics: Diagnostics },
) {
  const { hooks, https, origin } = options;
  const { cookieName, cookiePath } = options.session;
  const urls = createUrls(options);
  const ownOrigins = new Set([origin, ...options.trustedOrigins, ...options.corsOrigins]);
  const readReturnAddress = createReturnAddressReader(origin, urls.own, options.returnOrigins);
  // A provider's logout, which a form of ours leads to, may lead on to any of them.
  const reportFault = createFaultReport(hooks.onError, diagnostics);
  const sendPage = createPageSender({
    pages: options.pages,
    formTargets: () => [...findFormTargets(providers), ...options.returnOrigins],
    reportFault,
  });
  const hostNames = createHostNames({
    origin,
    redirectHosts: options.redirectHosts,
    publicPath: (req) => urls.publicPath(req, req.baseUrl),
    cookieName,
    cookiePath,
    https,
  });
  /** Back to the page that a script, or a form, is on, as far as its browser says. */
  const loginUrlFrom = ({ headers }: IncomingMessage) => urls.login(readReturnAddress(headers.referer));
  const answers = createAnswers({
    ...{ sendPage, diagnostics, homePath: urls.home, homeUrl: urls.homeUrl },
    reportFault,
    loginPath: urls.login,
    loginPathFrom: loginUrlFrom,
    logoutPath: urls.logout(),
    noteLostLogin: hostNames.noteLostLogin,
  });
  return { urls, answers, sendPage, readReturnAddress, hostNames, ownOrigins, loginUrlFrom };
}
