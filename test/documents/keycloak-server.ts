import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { type ListeningServer, serve } from '../support/listen.ts';
import { type Claims, createScriptedKey, signToken } from '../support/scripted-keys.ts';

/**
 * Speaks as a realm `acme` of Keycloak does, to whoever asks: its paths, and its tokens, which are JWTs with a `typ` among
 * their claims and roles in the access token alone. Everybody is ada, who has the role `admin`.
 */
export async function startKeycloakServer(clientId: string): Promise<ListeningServer> {
  const key = createScriptedKey('RS256', 'the key of the realm');
  const codes = new Map<string, string | null>();
  let issuer = '';

  const sign = (typ: string, claims: Claims) => {
    const time = Math.floor(Date.now() / 1000);
    const common = { jti: randomUUID(), iss: issuer, sub: 'ada', iat: time, exp: time + 300, azp: clientId };
    return signToken({ alg: 'RS256', typ: 'JWT', kid: key.kid }, { ...common, typ, ...claims }, key);
  };
  const issue = (nonce: string | null | undefined) => ({
    access_token: sign('Bearer', { aud: 'account', realm_access: { roles: ['admin'] }, scope: 'openid' }),
    id_token: sign('ID', { aud: clientId, name: 'Ada Lovelace', ...(nonce && { nonce }) }),
    refresh_token: sign('Refresh', { aud: issuer }),
    ...{ token_type: 'Bearer', expires_in: 300, refresh_expires_in: 1800, 'not-before-policy': 0 },
  });

  const answer = async (req: IncomingMessage, res: ServerResponse) => {
    const { pathname, searchParams } = new URL(req.url ?? '/', issuer);
    const json = (body: object) =>
      res.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    const redirect = (to: URL) => res.writeHead(302, { location: to.href }).end();
    switch (pathname.replace('/realms/acme/', '')) {
      case '.well-known/openid-configuration':
        return json(describe(issuer));
      case 'protocol/openid-connect/certs':
        return json({ keys: [key.jwk] });
      case 'protocol/openid-connect/auth': {
        const code = randomUUID();
        codes.set(code, searchParams.get('nonce'));
        const target = new URL(searchParams.get('redirect_uri') ?? '');
        target.searchParams.set('code', code);
        target.searchParams.set('state', searchParams.get('state') ?? '');
        return redirect(target);
      }
      case 'protocol/openid-connect/token': {
        const code = new URLSearchParams(await text(req)).get('code') ?? '';
        const isKnown = codes.has(code);
        const nonce = codes.get(code);
        codes.delete(code);
        return isKnown ? json(issue(nonce)) : res.writeHead(400).end('{"error":"invalid_grant"}');
      }
      case 'protocol/openid-connect/logout': {
        const page = searchParams.get('post_logout_redirect_uri') ?? searchParams.get('redirect_uri');
        const target = new URL(page ?? '');
        const state = searchParams.get('state');
        if (state) target.searchParams.set('state', state);
        return redirect(target);
      }
      default:
        return res.writeHead(404).end();
    }
  };

  const server = await serve(
    () => (req, res) => void answer(req, res).catch(() => res.destroy()),
    'localhost',
  );
  issuer = `${server.origin}/realms/acme`;
  return server;
}

function describe(issuer: string): object {
  const at = (name: string) => `${issuer}/protocol/openid-connect/${name}`;
  return {
    issuer,
    authorization_endpoint: at('auth'),
    token_endpoint: at('token'),
    jwks_uri: at('certs'),
    end_session_endpoint: at('logout'),
    id_token_signing_alg_values_supported: ['RS256'],
    code_challenge_methods_supported: ['S256'],
    token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post'],
  };
}
