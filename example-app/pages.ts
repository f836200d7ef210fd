import type { UserClaims } from 'express-connect-auth';

export function renderHome(user: Express.User | undefined): string {
  return user
    ? renderPage(
        'Welcome back',
        `<p>You are signed in as <b id="name">${escapeHtml(user.name ?? user.sub)}</b>.</p>
<nav><a class="button" href="/profile">Your profile</a>${signOutForm}</nav>`,
      )
    : renderPage(
        'Welcome',
        `<p>Nobody is signed in here. The profile page asks you to.</p>
<nav><a class="button" href="/login">Sign in</a><a class="button plain" href="/profile">Your profile</a></nav>`,
      );
}

export interface Profile {
  user: Express.User;
  claims: UserClaims;
  expiresAt: Date;
  visit: number;
}

export function renderProfile({ user, claims, expiresAt, visit }: Profile): string {
  const rows = Object.entries(claims).map(
    ([name, value]) => `<tr><th>${escapeHtml(name)}</th><td>${escapeHtml(String(value))}</td></tr>`,
  );
  return renderPage(
    escapeHtml(user.name ?? user.sub),
    `<p>Only you see this page: it is visit ${visit} of this session, which ends on
<time datetime="${expiresAt.toISOString()}">${expiresAt.toUTCString()}</time> at the latest.</p>
<table>${rows.join('')}</table>
<nav><a class="button plain" href="/">Home</a>${signOutForm}</nav>`,
  );
}

const signOutForm = '<form method="post" action="/logout"><button>Sign out</button></form>';

function renderPage(title: string, content: string): string {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${title}</title>
<link rel="stylesheet" href="/public/style.css">
<main>
<h1>${title}</h1>
${content}
</main>
</html>`;
}

function escapeHtml(value: string): string {
  return value.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
