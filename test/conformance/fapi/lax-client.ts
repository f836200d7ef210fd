import { createHash, createPrivateKey, generateKeyPairSync, randomBytes } from 'node:crypto';
import express, { type Express } from 'express';
import { decodeJwt, exportJWK, type JWTPayload, SignJWT } from 'jose';
import { createBrowser } from '../../support/browser-client.ts';
import { serve } from '../../support/listen.ts';
import type { Client } from '../stage.ts';
import type { FapiClientSettings } from './run-fapi-module.ts';

/** Where a client departs from what FAPI 2.0 asks. Each changes what is honest in place. */
export interface Laxness {
  /** The claims of the assertion by which it proves itself. */
  assertion?(claims: JWTPayload): void;
  /** The body of a request that is proven by it. */
  identified?(body: URLSearchParams): void;
  /** The claims of its signed request. */
  request?(claims: JWTPayload): void;
  /** The claims of a proof of possession. */
  proof?(claims: JWTPayload): void;
  /** The body of the pushed request. */
  push?(body: URLSearchParams): void;
  /** The query of the authorization request. */
  authorize?(query: URLSearchParams): void;
  /** The body of the token request. */
  token?(body: URLSearchParams): void;
  /** The header fields of the token request. */
  tokenHeaders?(headers: Headers): void;
  /** The header fields of the userinfo request. */
  userinfo?(headers: Headers): void;
  /** Sends the code a second time. */
  readonly sendsCodeTwice?: boolean;
  /** Calls this path of the provider as well. */
  readonly calls?: string;
}

const random = () => randomBytes(16).toString('base64url');
const digest = (value: string) => createHash('sha256').update(value).digest('base64url');

/** A client that does all that a login under FAPI 2.0 takes, and checks nothing of what it is answered. */
export async function startLaxClient(
  { op, clock, profile }: FapiClientSettings,
  lax: Laxness = {},
): Promise<Client> {
  const clientKey = createPrivateKey(op.clientKeyPem);
  const tokenKey = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const jwk = await exportJWK(tokenKey.publicKey);
  const signs = profile === 'fapi2-message-signing';

  const prove = async (url: string, method: string, nonce: string | null, accessToken?: string) => {
    const claims: JWTPayload = {
      ...{ htm: method, htu: url, jti: random(), iat: Math.floor(clock.now() / 1000) },
      ...(nonce !== null && { nonce }),
      ...(accessToken !== undefined && { ath: digest(accessToken) }),
    };
    lax.proof?.(claims);
    return new SignJWT(claims)
      .setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk })
      .sign(tokenKey.privateKey);
  };
  const sign = (claims: JWTPayload) =>
    new SignJWT(claims).setProtectedHeader({ alg: 'ES256' }).sign(clientKey);
  const isBy = (seconds: number) => {
    // By the machine's clock, as the provider judges it.
    const time = Math.floor(Date.now() / 1000);
    return { iss: op.clientId, aud: op.issuer, iat: time, nbf: time, exp: time + seconds };
  };
  const identify = async (body: URLSearchParams) => {
    const claims: JWTPayload = { ...isBy(60), sub: op.clientId, jti: random() };
    lax.assertion?.(claims);
    body.set('client_id', op.clientId);
    body.set('client_assertion_type', 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer');
    body.set('client_assertion', await sign(claims));
  };

  const push = async (params: Record<string, string>) => {
    const claims: JWTPayload = { ...isBy(60), ...params };
    lax.request?.(claims);
    const body = new URLSearchParams(signs ? { request: await sign(claims) } : params);
    lax.push?.(body);
    await identify(body);
    lax.identified?.(body);
    const answer = await fetch(`${op.issuer}par`, { method: 'POST', body });
    return String((await answer.json()).request_uri);
  };
  const askForTokens = async (
    params: Record<string, string>,
    nonce: string | null = null,
  ): Promise<JWTPayload> => {
    const url = `${op.issuer}token`;
    const body = new URLSearchParams(params);
    lax.token?.(body);
    await identify(body);
    lax.identified?.(body);
    const headers = new Headers({ dpop: await prove(url, 'POST', nonce) });
    lax.tokenHeaders?.(headers);
    const answer = await fetch(url, { method: 'POST', headers, body });
    const wanted = answer.headers.get('dpop-nonce');
    return wanted && nonce === null ? askForTokens(params, wanted) : answer.json();
  };
  const askWho = async (token: string, scheme: string, nonce: string | null = null): Promise<unknown> => {
    const url = `${op.issuer}userinfo`;
    const headers = new Headers({ authorization: `${scheme} ${token}` });
    if (scheme !== 'Bearer') headers.set('dpop', await prove(url, 'GET', nonce, token));
    lax.userinfo?.(headers);
    const answer = await fetch(url, { headers });
    const wanted = answer.headers.get('dpop-nonce');
    return wanted && nonce === null ? askWho(token, scheme, wanted) : answer.json();
  };

  const addRoutes = (app: Express, redirectUri: string) => {
    let verifier = '';
    let user: unknown = null;
    app.get('/login', async (_req, res) => {
      verifier = randomBytes(32).toString('base64url');
      const request_uri = await push({
        ...{ response_type: 'code', client_id: op.clientId, redirect_uri: redirectUri, scope: 'openid' },
        ...{ state: random(), nonce: random(), code_challenge_method: 'S256' },
        ...(signs && { response_mode: 'jwt' }),
        code_challenge: digest(verifier),
      });
      const query = new URLSearchParams({ client_id: op.clientId, request_uri });
      lax.authorize?.(query);
      res.redirect(`${op.issuer}authorize?${query}`);
    });
    app.get('/oauth/callback', async (req, res) => {
      const answer = signs ? decodeJwt(String(req.query.response)) : req.query;
      const grant = {
        ...{ grant_type: 'authorization_code', code: String(answer.code) },
        ...{ redirect_uri: redirectUri, code_verifier: verifier },
      };
      const tokens = await askForTokens(grant);
      if (lax.sendsCodeTwice) await askForTokens(grant);
      if (lax.calls) await fetch(op.issuer + lax.calls);
      user = await askWho(String(tokens.access_token), String(tokens.token_type));
      res.redirect(303, '/');
    });
    app.get('/', (_req, res) => void res.json({ user }));
    return app;
  };

  const server = await serve(async (origin) => {
    await op.registerApp(origin);
    return addRoutes(express(), `${origin}/oauth/callback`);
  }, 'localhost');
  return {
    origin: server.origin,
    browser: (jar) => createBrowser(server.origin, jar),
    logIn: async (browser, { path = '/login', ...signIn } = {}) => {
      const location = (await browser.get(path)).headers.get('location') ?? '';
      const callback = await op.signIn(location, signIn).catch(() => undefined);
      // The provider took none of it, and the browser is left there.
      return callback ? browser.deliver(callback) : new Response(null, { status: 400 });
    },
    close: server.close,
  };
}
