import { parse } from 'cookie';
import { sign, unsign } from 'cookie-signature';
import express, { type Express } from 'express';
import { Redis } from 'ioredis';
import * as client from 'openid-client';
import { createText } from './sample-login.ts';
import type { ServerSettings } from './server-settings.ts';

const SECRET = 'a secret of the benchmark, long enough to be one';

/** A login by openid-client, which is told to look at signatures, and a session by hand. */
export async function createApp(settings: ServerSettings): Promise<Express> {
  const { redisUrl, issuer, baseUrl, clientId, clientSecret } = settings;
  const redis = new Redis(redisUrl, { enableAutoPipelining: true });
  const config = await client.discovery(
    ...([new URL(issuer), clientId, undefined, client.ClientSecretBasic(clientSecret)] as const),
    { execute: [client.allowInsecureRequests, client.enableNonRepudiationChecks] },
  );
  const redirectUri = `${baseUrl}/oauth/callback`;
  const app = express();

  app.get('/login', async (_req, res) => {
    const id = createText(43);
    const expectedState = client.randomState();
    const expectedNonce = client.randomNonce();
    const pkceCodeVerifier = client.randomPKCECodeVerifier();
    const checks = JSON.stringify({ expectedState, expectedNonce, pkceCodeVerifier });
    await redis.set(`login:${id}`, checks, 'EX', 3600);
    const url = client.buildAuthorizationUrl(config, {
      redirect_uri: redirectUri,
      scope: 'openid profile email',
      state: expectedState,
      nonce: expectedNonce,
      code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
      code_challenge_method: 'S256',
    });
    res.cookie('login', sign(id, SECRET), { httpOnly: true, sameSite: 'lax' }).redirect(303, url.href);
  });

  app.get('/oauth/callback', async (req, res) => {
    const id = unsign(parse(req.headers.cookie ?? '').login ?? '', SECRET);
    const checks = JSON.parse((await redis.get(`login:${id}`)) ?? '{}');
    await redis.del(`login:${id}`);
    const answer = await client.authorizationCodeGrant(config, new URL(req.url, baseUrl), checks);
    const sessionId = createText(43);
    const { access_token, refresh_token, id_token } = answer;
    const session = { user: answer.claims(), tokens: { access_token, refresh_token, id_token } };
    await redis.set(`session:${sessionId}`, JSON.stringify(session), 'EX', 86_400);
    res.clearCookie('login').cookie('sid', sign(sessionId, SECRET), { httpOnly: true, sameSite: 'lax' });
    res.redirect(303, '/');
  });
  return app;
}
