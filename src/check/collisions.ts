import { isBelowCookiePath } from '../is-below-cookie-path.ts';
import { type Check, failed, passed, warned } from './check.ts';
import type { ApplicationCard } from './check-report.ts';

/** An application, and how messages call it: the file it is in, say. */
export interface NamedCard {
  readonly label: string;
  readonly card: ApplicationCard;
}

/** Finds what applications take from each other, by their cookies or in Redis. */
export function findCollisions(cards: readonly NamedCard[]): readonly Check[] {
  const pairs = cards.flatMap((one, index) => cards.slice(index + 1).map((other) => [one, other] as const));
  const found = pairs.flatMap(([one, other]) => [
    ...findCookieCollision(one, other),
    ...findStoreCollision(one, other),
  ]);
  if (found.length > 0 || pairs.length === 0) return found;
  return [
    passed('apart', `${cards.map(({ label }) => label).join(', ')}: nothing of one is taken for another's.`),
  ];
}

/** Cookies know no port: two applications of one host must differ by name, or by path. */
function findCookieCollision({ label, card }: NamedCard, other: NamedCard): readonly Check[] {
  if (card.application === other.card.application || card.cookieName !== other.card.cookieName) return [];
  const hosts = hostsOf(card).filter((host) => hostsOf(other.card).includes(host));
  const [one, two] = [card.cookiePath, other.card.cookiePath];
  const meet = isBelowCookiePath(one, two) || isBelowCookiePath(two, one);
  if (hosts.length === 0 || !meet) return [];
  return [
    failed(
      'apart.cookies',
      `${label} and ${other.label} both call their cookie ${card.cookieName} at ${hosts.join(', ')}.`,
      {
        field: 'session.cookieName',
        remedy:
          'A login at the one logs the person out of the other. Leave session.cookieName out, or give each its own; the default differs by port, path and application.',
      },
    ),
  ];
}

function hostsOf({ baseUrls }: ApplicationCard): readonly string[] {
  return baseUrls.map((baseUrl) => new URL(baseUrl).hostname);
}

function findStoreCollision({ label, card }: NamedCard, other: NamedCard): readonly Check[] {
  const isShared = card.redis !== undefined && card.redis === other.card.redis;
  const isSame = card.application === other.card.application && card.redisPrefix === other.card.redisPrefix;
  if (!isShared || !isSame) return [];
  const both = `${label} and ${other.label} are the application "${card.application}" in one Redis`;
  if (card.secretMark !== other.card.secretMark) {
    return [
      failed('apart.secret', `${both}, with different secrets.`, {
        field: 'secret',
        remedy:
          'If they are one application, give both the same secret; if they are two, give each a name of its own by application. While a secret is replaced, both know both.',
      }),
    ];
  }
  const [one, two] = [[...card.clients].sort().join(), [...other.card.clients].sort().join()];
  if (one === two) return [passed('apart', `${both}, and share their sessions.`)];
  return [
    warned('apart.sessions', `${both}, at other providers or with other clients.`, {
      field: 'application',
      remedy:
        'A session of the one is nobody in the other, and a logout there does not reach it. Give each a name of its own by application, or both the same providers.',
    }),
  ];
}
