import type { Variable } from './init-project.ts';

/** Writes the application: what guards it, and two pages. */
export function writeApp(preset: string, variables: readonly Variable[], isTypeScript: boolean): string {
  const typed = (annotation: string) => (isTypeScript ? annotation : '');
  const ending = isTypeScript ? 'ts' : 'js';
  const needsFiles = variables.some(({ kind }) => kind === 'file');
  const options = variables.map(({ option, name, kind }) => {
    const value = kind === 'file' ? `readFileSync(read('${name}'), 'utf8')` : `read('${name}')`;
    return `    ${option}: ${value},`;
  });
  return `${needsFiles ? "import { readFileSync } from 'node:fs';\n" : ''}import express from 'express';
import { connectAuth, providers, requireAuth } from 'express-connect-auth';

/** Gives every request \`req.user\`, \`req.auth\` and \`req.session\`, and mounts /login, /oauth/callback and /logout. */
export const auth = connectAuth({
  baseUrl: read('BASE_URL'),
  secret: read('SESSION_SECRET'),
  // Without it sessions live in the memory of this process, which is refused in production.
  redis: process.env.REDIS_URL || undefined,
  provider: providers.${preset}({
${options.join('\n')}
  }),
  routes: { health: '/healthz' },
});

/** The application, which server.${ending} starts. */
export const app = express();
app.use(auth);

app.get('/', (req, res) => {
  const page = req.user
    ? \`<p>You are \${escape(req.user.name ?? req.user.sub)}. <a href="/profile">Your profile</a></p>
<form method="post" action="/logout"><button>Sign out</button></form>\`
    : '<p><a href="/login">Sign in</a></p>';
  res.type('html').send(\`<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Home</title>
\${page}
</html>\`);
});

app.get('/profile', requireAuth, (req, res) => {
  res.json({ user: req.user, claims: req.auth.claims });
});

function read(name${typed(': string')})${typed(': string')} {
  const value = process.env[name];
  if (!value) throw new Error(\`\${name} is missing in the environment: see .env\`);
  return value;
}

function escape(text${typed(': string')})${typed(': string')} {
  return text.replace(/[&<>"']/g, (character) => \`&#\${character.codePointAt(0)};\`);
}
`;
}

/** Writes what starts it, and ends it when it is told to. */
export function writeServer(ending: 'js' | 'ts'): string {
  return `import { app, auth } from './app.${ending}';

const port = Number(process.env.PORT ?? 3000);
const server = app.listen(port).on('listening', () => {
  console.log(\`Listening: \${process.env.BASE_URL}\`);
});

// No request is lost, and no refresh of tokens.
process.once('SIGTERM', () => void auth.close({ server }));
`;
}
