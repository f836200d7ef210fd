// A login in a window of its own: the page stays as it is, and learns how the login ended.
//   npm install express-connect-auth express
import { randomBytes } from 'node:crypto';
import express from 'express';
import { connectAuth, requireAuth } from 'express-connect-auth';
import { startTestProvider } from 'express-connect-auth/testing';

const port = Number(process.env.PORT ?? 3000);
const { definition } = await startTestProvider(); // For trying. Yours: providers.keycloak({ … }), providers.oidc({ … }), …

const app = express();
app.use(
  connectAuth({
    baseUrl: `http://localhost:${port}`,
    secret: process.env.SESSION_SECRET ?? randomBytes(32).toString('hex'),
    provider: definition,
  }),
);

app.get('/', (_req, res) => {
  res.send(`<!doctype html><title>Notes</title>
<h1>Notes</h1>
<textarea>What is typed here is still here after the login.</textarea>
<p id="who">Nobody is signed in.</p>
<button>Sign in</button>
<script>${script}</script>`);
});

app.get('/api/me', requireAuth, (req, res) => {
  res.json({ name: req.user!.name ?? req.user!.sub });
});

// A window may be opened in a click alone. It tells its end on a channel of this origin, whatever pages it went over.
const script = `
const who = document.querySelector('#who');
document.querySelector('button').onclick = () =>
  window.open('/login?display=popup', 'sign-in', 'popup,width=480,height=640');
new BroadcastChannel('connect-auth').onmessage = async ({ data }) => {
  if (data.type !== 'login') return void (who.textContent = 'It did not work: ' + data.error);
  const { name } = await (await fetch('/api/me')).json();
  who.textContent = 'Signed in as ' + name + '.';
};`;

app.listen(port).on('listening', () => console.log(`Open http://localhost:${port}`));
