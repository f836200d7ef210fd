// A WebSocket of the person who is logged in. It passes no middleware of Express, any page of the web may open one, and it
// outlives a logout unless it is told.
//   npm install express-connect-auth express ws
import { randomBytes } from 'node:crypto';
import { createServer, STATUS_CODES } from 'node:http';
import express from 'express';
import { connectAuth, requireAuth } from 'express-connect-auth';
import { startTestProvider } from 'express-connect-auth/testing';
import { WebSocketServer } from 'ws';

const port = Number(process.env.PORT ?? 3000);
const { definition } = await startTestProvider(); // For trying. Yours: providers.keycloak({ … }), providers.oidc({ … }), …
const auth = connectAuth({
  baseUrl: `http://localhost:${port}`,
  secret: process.env.SESSION_SECRET ?? randomBytes(32).toString('hex'),
  provider: definition,
});

const app = express();
app.use(auth);
app.get('/', requireAuth, (_req, res) => {
  res.send(`<!doctype html><title>Socket</title>
<h1>Socket</h1>
<p id="said"></p>
<form method="post" action="/logout" target="_blank"><button>Sign out in another tab</button></form>
<script>
const say = (text) => (document.querySelector('#said').textContent = text);
const socket = new WebSocket('/socket');
socket.onmessage = ({ data }) => say(data);
socket.onclose = ({ code, reason }) => say('closed: ' + code + ' ' + reason);
</script>`);
});

const server = createServer(app);
const sockets = new WebSocketServer({ noServer: true });
server.on('upgrade', (req, socket, head) => {
  auth.authenticateUpgrade(req).then(
    (login) =>
      sockets.handleUpgrade(req, socket, head, (webSocket) => {
        webSocket.on('error', console.error);
        webSocket.send(`Hello, ${login.user.name ?? login.user.sub}`);
        // Within five seconds, whatever ended the session and in whichever process.
        login.onEnd(() => webSocket.close(4401, 'signed out'));
      }),
    ({ status = 500 }) => socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n\r\n`),
  );
});

server.listen(port, () => console.log(`Open http://localhost:${port}`));
