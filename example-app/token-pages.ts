import { createHash } from 'node:crypto';
import escapeHtml from 'escape-html';
import type { Application, Request } from 'express';
import { requireAuth, TokenError } from 'express-connect-auth';
import { renderPage } from './pages.ts';

/** What the session remembers of its access token: enough to see that it has become another. */
interface SeenToken {
  /** Part of a hash of it. The token itself is shown nowhere, and leaves the server for no browser. */
  mark: string;
  /** Milliseconds since the epoch. */
  since: number;
  refreshes: number;
}

declare global {
  namespace Express {
    interface SessionData {
      token: SeenToken;
    }
  }
}

/** More than any token has left: one is refreshed for it that is past half of its life. */
const A_DAY_SECONDS = 86_400;

/**
 * Adds the page that says which tokens there are, and its form that has them refreshed.
 *
 * @param lifeSeconds - of an access token, where the provider says so.
 */
export function addTokenPages(app: Application, lifeSeconds: number | undefined): void {
  app.get('/tokens', requireAuth, async (req, res) => {
    res.send(renderTokens(req, await look(req, 30), lifeSeconds));
  });
  const almostAll = lifeSeconds === undefined ? A_DAY_SECONDS : findAlmostAll(lifeSeconds);
  app.post('/tokens/refresh', requireAuth, async (req, res) => {
    await look(req, almostAll);
    res.redirect(303, '/tokens');
  });
}

/** How long a token must have left: one that is only just there is kept, for nobody gets a better one. */
function findAlmostAll(lifeSeconds: number): number {
  return Math.max(1, Math.floor(lifeSeconds * 0.9) - 1);
}

/** Asks for the token, and notes whether it is another than before; `undefined` where the login brought none. */
async function look(req: Request, minValiditySeconds: number): Promise<SeenToken | undefined> {
  try {
    const token = await req.auth.getAccessToken({ minValiditySeconds });
    const mark = createHash('sha256').update(token).digest('hex').slice(0, 8);
    const before = req.session.token;
    if (before?.mark === mark) return before;
    req.session.token = { mark, since: Date.now(), refreshes: before ? before.refreshes + 1 : 0 };
    return req.session.token;
  } catch (error) {
    // It has ended, and this provider renews none: the page says so.
    if (error instanceof TokenError) return undefined;
    throw error;
  }
}

function renderTokens({ auth }: Request, seen: SeenToken | undefined, lifeSeconds?: number): string {
  const canRefresh = auth.capabilities!.refresh;
  const rows = {
    'Access token': seen
      ? `on the server; the first letters of its hash are <b id="mark">${seen.mark}</b>`
      : 'none, or none any more',
    ...(seen && {
      'First seen': `${formatTime(Date.now() - seen.since)} ago`,
      ...(lifeSeconds && { Life: `${formatTime(lifeSeconds * 1000)}, and then another takes its place` }),
      Refreshed: `<span id="refreshes">${seen.refreshes}</span> times in this session`,
    }),
    'Refresh token': canRefresh ? 'may be there: this provider renews' : 'none: this provider does not renew',
    Scopes: escapeHtml(auth.scopes.join(', ')) || 'none',
  };
  const table = Object.entries(rows).map(([name, value]) => `<tr><th>${name}</th><td>${value}</td></tr>`);
  const kept = lifeSeconds
    ? ` <small>One of the first ${formatTime((lifeSeconds - findAlmostAll(lifeSeconds)) * 1000)} is kept.</small>`
    : '';
  const refresh =
    seen && canRefresh
      ? `<form class="under" method="post" action="/tokens/refresh"><button>Refresh</button>${kept}</form>`
      : '';
  return renderPage(
    'Tokens',
    `<p>They stay on the server, sealed by a key that only your cookie completes. Whoever needs one has it refreshed shortly
before it ends, once for all who ask at that moment.</p>
<table>${table.join('')}</table>${refresh}
<nav><a class="button plain" href="/">Home</a></nav>`,
  );
}

function formatTime(milliseconds: number): string {
  const seconds = Math.round(milliseconds / 1000);
  return seconds < 120 ? `${seconds} s` : `${Math.round(seconds / 60)} min`;
}
