import type { AddressSubject } from './address-checks.ts';
import { type Check, describeOffset, failed, passed, warned } from './check.ts';
import type { Sample } from './sample-request.ts';

/** Clocks of processes that differ by more are worth a word, in milliseconds. */
const CLOCK_WARNING_MS = 10_000;

/** Which host the request came to. */
export function checkHost({ seen }: Sample, { options, url, isChosenByHost }: AddressSubject): Check {
  const own = new URL(options.baseUrl).host;
  const asked = new URL(url).host;
  if (asked !== own && !options.redirectHosts.has(asked)) {
    return failed('address.host', `It is reached at ${asked}, and baseUrl is ${options.baseUrl}.`, {
      field: 'baseUrl',
      remedy: `A login that begins at ${asked} is lost: its cookies stay there, and the provider sends the browser to ${own}. Open ${options.baseUrl}, list ${asked} in redirectHosts, or change baseUrl.`,
    });
  }
  const { host, forwardedHost } = seen!;
  if (host === asked || forwardedHost.split(',')[0]!.trim() === asked)
    return passed('address.host', `Host arrives as ${host}.`);
  const says = `What stands between makes ${quote(host)} of the host ${asked}.`;
  if (!isChosenByHost) return passed('address.host', `${says} Nothing here goes by it.`);
  return failed('address.host', says, {
    field: 'Host',
    remedy:
      'Of several base URLs Host chooses: let the proxy pass it on (proxy_set_header Host $host in nginx).',
  });
}

/** Whether browsers come by https where the base URL says so. */
export function checkScheme({ options, url }: AddressSubject): Check {
  const [asked, own] = [new URL(url).protocol, new URL(options.baseUrl).protocol];
  if (asked === own)
    return passed('address.scheme', `Browsers come by ${own.slice(0, -1)}, as baseUrl says.`);
  return failed(
    'address.scheme',
    `Browsers come by ${asked.slice(0, -1)}, and baseUrl says ${own.slice(0, -1)}.`,
    {
      field: 'baseUrl',
      remedy:
        'Give baseUrl with the scheme that browsers use: the redirect URI, Secure and the names of the cookies follow from it.',
    },
  );
}

/** Whether the path arrives where the routes are. */
export function checkPath({ seen }: Sample, path: string, { options, url }: AddressSubject): Check {
  const { path: came, mountPath } = seen!;
  const asked = new URL(url + path).pathname;
  const inner = came.slice(mountPath.length);
  const shown = quote(came);
  const isMounted = mountPath === '' || mountPath.toLowerCase() === options.basePath.toLowerCase();
  if (inner === path && isMounted) {
    const how = came === asked ? 'as it is sent' : `as ${shown}, which fits`;
    return passed('address.path', `The path arrives ${how}.`);
  }
  if (!isMounted) {
    return failed(
      'address.path',
      `connectAuth() is mounted at ${quote(mountPath)}, and baseUrl has the path "${options.basePath || '/'}".`,
      {
        field: 'baseUrl',
        remedy: 'They must be the same, unless the proxy takes the path off; then mount it at "/".',
      },
    );
  }
  return failed('address.path', `${asked} arrives as ${shown}, and none of the routes is there.`, {
    field: 'baseUrl',
    remedy: `Mount it at the path of baseUrl, app.use("${options.basePath || '/'}", connectAuth({ … })), or let the proxy take off what is not in routes.`,
  });
}

/** Whether cookies come through as they are set, and come back. */
export function checkCookies(samples: readonly Sample[], { options }: AddressSubject): readonly Check[] {
  const notes = { field: 'cookies' };
  const [first] = samples;
  const cookie = first!.cookie;
  if (!cookie) {
    return [
      failed('address.cookies', 'Set-Cookie does not come through: no browser can be logged in.', {
        ...notes,
        remedy: 'Let the proxy or the CDN pass Set-Cookie on, and keep no answers of this application.',
      }),
    ];
  }
  const { cookiePath } = options.session;
  const expected = [
    'httponly',
    'samesite=lax',
    `path=${cookiePath.toLowerCase()}`,
    ...(options.https ? ['secure'] : []),
  ];
  const lost = expected.filter((each) => !cookie.attributes.includes(each));
  const isWidened = cookie.attributes.some((each) => each.startsWith('domain='));
  if (lost.length > 0 || isWidened) {
    const what = isWidened ? 'with a Domain' : `without ${lost.join(', ')}`;
    return [
      failed('address.cookies', `Cookies arrive ${what}: something between rewrites them.`, {
        ...notes,
        remedy:
          'Let the proxy pass Set-Cookie on as it is (no proxy_cookie_path, proxy_cookie_domain or the like).',
      }),
    ];
  }
  const later = samples.slice(1).filter(({ seen }) => seen);
  if (later.length > 0 && later.every(({ seen }) => !seen!.hasCookie)) {
    return [
      failed('address.cookies', 'A cookie that was set does not come back: nobody stays logged in.', {
        ...notes,
        remedy: 'Let the proxy or the CDN pass the header Cookie on, for all paths of this application.',
      }),
    ];
  }
  return [passed('address.cookies', 'Cookies come through and back.')];
}

/** Whether all processes that answer at one address are one application. */
export function checkInstances(samples: readonly Sample[], { now }: AddressSubject): readonly Check[] {
  const seen = samples.flatMap((sample) => sample.seen ?? []);
  const processes = new Set(seen.map((each) => each.process));
  const offsetMs = seen[0]!.now - now();
  return [
    seen.length < samples.length
      ? failed(
          'address.instances',
          `Of ${samples.length} requests ${samples.length - seen.length} were not answered by this application.`,
          {
            field: 'secret',
            remedy:
              'Several instances answer there, and not all are alike: give all of them the same secret and application.',
          },
        )
      : processes.size > 1 && seen.some((each) => each.isInMemory)
        ? failed(
            'address.instances',
            `${processes.size} processes answer there, and each keeps its sessions in its own memory.`,
            {
              field: 'redis',
              remedy: 'Give redis: whoever is logged in by one is nobody for the other.',
            },
          )
        : passed(
            'address.instances',
            `${processes.size === 1 ? 'One process answers' : `${processes.size} processes answer`} there.`,
          ),
    Math.abs(offsetMs) < CLOCK_WARNING_MS
      ? passed('address.clock', 'Its clock is with that of this machine.')
      : warned('address.clock', `Its clock is ${describeOffset(offsetMs)}.`, {
          field: 'the clocks',
          remedy: 'Keep both by NTP.',
        }),
  ];
}

function quote(text: string): string {
  return JSON.stringify(text.slice(0, 200)).replace(/[^ -~]/g, '?');
}
