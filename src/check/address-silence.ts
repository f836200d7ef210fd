import type { ResolvedOptions } from '../options/options.ts';
import type { AddressSubject } from './address-checks.ts';
import { type Check, failed } from './check.ts';
import type { Sample } from './sample-request.ts';

/** Says who answers in place of this application: something does, and it has not this name and secret. */
export async function explainSilence(
  { response, url }: Sample,
  { options, ...subject }: AddressSubject,
): Promise<Check> {
  const { status } = response;
  const location = response.headers.get('location');
  if (status >= 300 && status < 400 && location !== null && URL.canParse(location, url)) {
    const { origin, pathname } = new URL(location, url);
    return failed('address.reach', `${url} is redirected to ${origin}${pathname}.`, {
      field: 'baseUrl',
      remedy:
        'Where browsers end up is what baseUrl must be: logins and their cookies belong to that one address.',
    });
  }
  if (await isAnsweredByUs(options, subject)) {
    return failed(
      'address.reach',
      `A connectAuth() answers at ${subject.url}, and it does not know this secret.`,
      {
        field: 'secret',
        remedy:
          'All processes must have the same secret and the same application (by default baseUrl). Look also whether its clock is off by minutes.',
      },
    );
  }
  if (status === 421) {
    return failed('address.reach', `${url} is answered by 421: Host names none of the base URLs.`, {
      field: 'baseUrl',
      remedy: 'List that address in baseUrl, and let the proxy pass Host on as it comes.',
    });
  }
  if (status === 404) {
    return failed('address.reach', `${url} is answered by 404: connectAuth() is not asked.`, {
      field: 'baseUrl',
      remedy: `Look at the path: mount it at the path of baseUrl, app.use("${options.basePath || '/'}", connectAuth({ … })), or let the proxy take that path off and mount it at "/". Look also whether a route before it answers.`,
    });
  }
  return failed(
    'address.reach',
    `${url} is answered by status ${status}, by something else than connectAuth().`,
    {
      field: 'app.use',
      remedy:
        'Mount connectAuth() before every other route: a catch-all for the pages of a front end must stand behind it. Look also whether the proxy leads this path to the application.',
    },
  );
}

/** Our route for logout tokens says to a HEAD that it takes a POST; hardly anything else does. */
async function isAnsweredByUs(
  { routes }: ResolvedOptions,
  { url, send }: Pick<AddressSubject, 'url' | 'send'>,
): Promise<boolean> {
  if (routes.backchannelLogout === false) return false;
  const answer = await send(url + routes.backchannelLogout).catch(() => undefined);
  return answer?.response.status === 405 && answer.response.headers.get('allow') === 'POST';
}
