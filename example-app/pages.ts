import escapeHtml from 'escape-html';
import type { UserClaims, UserSession } from 'express-connect-auth';

/** The page that everybody may see. */
export function renderHome(user: Express.User | undefined): string {
  return user
    ? renderPage(
        'Welcome back',
        `<p>You are signed in as <b id="name">${escapeHtml(user.name ?? user.sub)}</b>.</p>
<nav><a class="button" href="/profile">Your profile</a><a class="button plain" href="/tokens">Your tokens</a>
<a class="button plain" href="/transfer">Transfer money</a>${signOutForm}</nav>`,
      )
    : renderPage(
        'Welcome',
        `<p>Nobody is signed in here. The profile page asks you to.</p>
<nav><a class="button" href="/login">Sign in</a><button class="plain" id="popup">Sign in in a window</button>
<a class="button plain" href="/profile">Your profile</a></nav>
<p id="problem" role="status"></p>
<script src="/public/popup.js"></script>`,
      );
}

/** What the profile page shows. */
export interface Profile {
  user: Express.User;
  claims: UserClaims;
  expiresAt: Date;
  visit: number;
  sessions: readonly UserSession[];
}

/** The page of one person: what the provider says of them, and where they are signed in. */
export function renderProfile({ user, claims, expiresAt, visit, sessions }: Profile): string {
  const rows = Object.entries(claims).map(
    ([name, value]) => `<tr><th>${escapeHtml(nameClaim(name))}</th><td>${showClaim(value)}</td></tr>`,
  );
  return renderPage(
    escapeHtml(user.name ?? user.sub),
    `<p>Only you see this page: it is visit ${visit} of this session, which ends on
<time datetime="${expiresAt.toISOString()}">${expiresAt.toUTCString()}</time> at the latest.</p>
<table>${rows.join('')}</table>
<h2>Your sessions <small>(times in UTC)</small></h2>
<table id="sessions">${sessions.map(renderSession).join('')}</table>
${sessions.length > 1 ? endOthersForm : ''}
<nav><a class="button plain" href="/">Home</a><a class="button plain" href="/api/me">As JSON</a></nav>
<script src="/public/session-end.js"></script>`,
  );
}

/**
 * The page that asks for a stronger login.
 *
 * @param acr - the class that the provider asserted.
 * @param sent - how many transfers this session has seen.
 */
export function renderTransfer(acr: string, sent: number): string {
  return renderPage(
    'Transfer money',
    `<p>This page wants a stronger login than the others: one that the provider calls class 2, which at a bank may take a
second factor. Whoever has another is sent there once more. Yours is of the class <b id="acr">${escapeHtml(acr)}</b>.</p>
<p>Transfers of this session: <b id="sent">${sent}</b>.</p>
<nav><form method="post" action="/transfer"><button>Transfer</button></form>
<a class="button plain" href="/">Home</a></nav>`,
  );
}

/** `given_name` is for programs: people read "Given name". */
function nameClaim(name: string): string {
  if (name === 'sub') return 'Subject';
  const words = name.replaceAll('_', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}

function showClaim(value: unknown): string {
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  return escapeHtml(typeof value === 'object' ? JSON.stringify(value) : String(value));
}

function renderSession({ handle, description = '', loggedInAt, lastSeenAt, current }: UserSession): string {
  const end = `<form method="post" action="/sessions/end">
<button class="plain" name="handle" value="${escapeHtml(handle)}">End</button></form>`;
  return `<tr><th>${escapeHtml(description)}${current ? '<br><small>this one</small>' : ''}</th>
<td>since ${formatTime(loggedInAt)}<br>seen ${formatTime(lastSeenAt)}</td>
<td>${current ? signOutForm : end}</td></tr>`;
}

function formatTime(time: Date): string {
  return `<time datetime="${time.toISOString()}">${time.toUTCString().slice(5, 11)}, ${time.toISOString().slice(11, 16)}</time>`;
}

const endOthersForm =
  '<form class="under" method="post" action="/sessions/end-others"><button class="plain">End all others</button></form>';

const signOutForm = '<form method="post" action="/logout"><button class="plain">Sign out</button></form>';

/** A page of the application. @param title - as HTML. @param content - as HTML. */
export function renderPage(title: string, content: string): string {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${title}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/public/style.css">
<main>
<h1>${title}</h1>
${content}
</main>
</html>`;
}
