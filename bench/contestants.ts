/** A row of the table: an application, and the one thing it does at each request. */
export interface Contestant {
  readonly name: string;
  readonly title: string;
  /** The file in servers/ and its variant. */
  readonly server: string;
  readonly variant: string;
  /** How its sessions come about; `undefined`: it is sent no cookie. */
  readonly sessions: 'seed' | 'login' | undefined;
  /** Rows of one group are one application: they share base URL, Redis database and sessions. */
  readonly group: string;
  readonly isOurs: boolean;
}

/** What all others are measured against, in pairs. */
export const reference = row('one-get', 'L1: Express and one GET of 4 KB', 'one-get', 'seed');

/** The reference once more: what it departs from 1 by is the fault of the machine. */
export const control = row('control', 'L1 once more (the control)', 'one-get', 'seed');

/** Everything but the reference, in the order of the table. */
export const contestants: readonly Contestant[] = [
  row('express', 'Express alone, answering a tick later', 'express', undefined),
  control,
  row('hand-written', 'a small signed session by hand', 'hand-written', 'seed'),
  ours('ours-user', 'requireAuth, req.user', 'user'),
  ours('ours-token', 'req.auth.getAccessToken(), fresh', 'token'),
  ours('ours-session-read', 'req.session read', 'session-read'),
  ours('ours-session-write', 'req.session changed', 'session-write'),
  { ...ours('ours-no-cookie', 'a request without a cookie', 'no-cookie'), sessions: undefined },
  ...readAndWrite('express-session-tuned', 'express-session tuned'),
  ...readAndWrite('express-session-usual', 'express-session as usual'),
  row('passport', 'passport on express-session', 'passport', 'seed'),
  row('openid-connect-redis', 'express-openid-connect, Redis', 'express-openid-connect', 'login', 'redis'),
  row('openid-connect-cookie', 'express-openid-connect, cookie', 'express-openid-connect', 'login', 'cookie'),
  row('better-auth', 'better-auth, Redis', 'better-auth', 'seed'),
  row('auth-express', '@auth/express, JWT cookie', 'auth-express', 'seed'),
];

/** Which rows are looked at beside each other, round by round. */
export const comparisons: readonly { of: string; to: string }[] = [
  { of: 'ours-user', to: 'hand-written' },
  { of: 'ours-session-read', to: 'express-session-tuned-read' },
  { of: 'ours-session-read', to: 'express-session-usual-read' },
  { of: 'ours-session-write', to: 'express-session-tuned-write' },
  { of: 'ours-session-write', to: 'express-session-usual-write' },
  { of: 'ours-no-cookie', to: 'express' },
];

function row(
  ...[name, title, server, sessions, variant = '']: [
    name: string,
    title: string,
    server: string,
    sessions: Contestant['sessions'],
    variant?: string,
  ]
): Contestant {
  return { name, title, server, variant, sessions, group: name, isOurs: false };
}

function ours(name: string, does: string, variant: string): Contestant {
  return { ...row(name, `ours: ${does}`, 'ours', 'login', variant), group: 'ours', isOurs: true };
}

function readAndWrite(server: string, title: string): Contestant[] {
  return [
    row(`${server}-read`, `${title}: req.session read`, server, 'seed', 'read'),
    row(`${server}-write`, `${title}: req.session changed`, server, 'seed', 'write'),
  ];
}
