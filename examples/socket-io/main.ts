// socket.io for people who are logged in, and for those who are not.
//   npm install express-connect-auth express socket.io
import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import express from 'express';
import { connectAuth, type UpgradeAuth } from 'express-connect-auth';
import { startTestProvider } from 'express-connect-auth/testing';
import { Server } from 'socket.io';

const port = Number(process.env.PORT ?? 3000);
const { definition } = await startTestProvider(); // For trying. Yours: providers.keycloak({ … }), providers.oidc({ … }), …
const auth = connectAuth({
  baseUrl: `http://localhost:${port}`,
  secret: process.env.SESSION_SECRET ?? randomBytes(32).toString('hex'),
  provider: definition,
});

const app = express();
app.use(auth);
app.get('/', (req, res) => {
  res.send(`<!doctype html><title>Chat</title>
<h1>Chat</h1>
<p>${req.user ? '<a href="/logout">Sign out</a>' : '<a href="/login">Sign in</a>'}</p>
<ul></ul>
<script src="/socket.io/socket.io.js"></script>
<script>
const show = (text) => document.querySelector('ul').append(Object.assign(document.createElement('li'), { textContent: text }));
io().on('hello', (name) => show('Hello, ' + name)).on('disconnect', (reason) => show(reason));
</script>`);
});

const server = createServer(app);
const io = new Server(server);
io.engine.use(auth); // Knows the person by the same cookie, and refuses pages of other origins.
io.on('connection', (socket) => {
  const { user, auth: login }: Handshake = socket.request;
  socket.emit('hello', user?.name ?? 'whoever you are');
  const stop = login?.onEnd(() => socket.disconnect(true));
  if (stop) socket.once('disconnect', stop);
});

server.listen(port, () => console.log(`Open http://localhost:${port}`));

type Handshake = IncomingMessage & { user?: Express.User; auth?: UpgradeAuth };
