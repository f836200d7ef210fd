import type { ResolvedOptions } from '../options/options.ts';
import { type Check, passed, warned } from './check.ts';

/** Fewer different characters than that, and it came from no random source. */
const LEAST_DIFFERENT = 10;

/** What can be said of options that work as they stand. Those that do not are refused before. */
export function checkOptions(options: ResolvedOptions, sites: readonly ResolvedOptions[]): readonly Check[] {
  const { application, session, secrets, providers, apiOrigins } = options;
  const names = [...providers.keys()];
  const where = sites.map(({ baseUrl }) => baseUrl).join(', ');
  return [
    passed(
      'options',
      `They are accepted: "${application}" at ${where || options.baseUrl}, cookie ${session.cookieName}, ${names.length === 1 ? 'one provider' : `providers ${names.join(', ')}`}.`,
    ),
    ...checkSecrets(secrets),
    ...checkCookiePath(session.cookiePath),
    ...checkPlainHttp(options),
    ...checkOfflineAccess(providers, apiOrigins),
  ];
}

function checkSecrets(secrets: ResolvedOptions['secrets']): readonly Check[] {
  const weak = secrets.some((secret) => new Set(secret.reveal()).size < LEAST_DIFFERENT);
  if (!weak) return [];
  return [
    warned('options.secret', `A secret has fewer than ${LEAST_DIFFERENT} different characters.`, {
      field: 'secret',
      remedy: 'Make one with: openssl rand -base64 48',
    }),
  ];
}

function checkCookiePath(cookiePath: string): readonly Check[] {
  if (cookiePath === '/') return [];
  return [
    warned(
      'options.cookie-path',
      `Cookies are for ${cookiePath} only, and give up the prefix __Host-Http-.`,
      {
        field: 'session.cookiePath',
        remedy: 'Leave it out: applications of one host have cookies of their own names.',
      },
    ),
  ];
}

function checkPlainHttp({ providers, apiOrigins }: ResolvedOptions): readonly Check[] {
  const opened = [...providers.values()].flatMap(({ dangerouslyAllowHttp }) => [...dangerouslyAllowHttp]);
  const apis = [...apiOrigins].filter((origin) => {
    const { protocol, hostname } = new URL(origin);
    return protocol === 'http:' && !/^(localhost|127\.|\[::1\])/.test(hostname);
  });
  const origins = [...new Set([...opened, ...apis])];
  if (origins.length === 0) return [];
  return [
    warned('options.plain-http', `Secrets or tokens go to ${origins.join(', ')} without TLS.`, {
      field: 'dangerouslyAllowHttp',
      remedy: 'See to it that nobody else can listen in that network, or use https.',
    }),
  ];
}

/** Whoever calls APIs as the user learns an hour after the login that the token has ended. */
function checkOfflineAccess(
  providers: ResolvedOptions['providers'],
  apiOrigins: ReadonlySet<string>,
): readonly Check[] {
  if (apiOrigins.size === 0) return [];
  return [...providers]
    .filter(([, { preset, scope }]) => preset === 'oidc' && !scope.split(' ').includes('offline_access'))
    .map(([provider]) =>
      warned(
        'options.offline-access',
        'APIs are called as the user, and the scope offline_access is not asked for.',
        {
          provider,
          field: 'scope',
          remedy:
            'Many providers give a refresh token for that scope only: without one, req.auth.fetch() rejects when the access token has ended. Add offline_access to scope if yours is one of them.',
        },
      ),
    );
}
