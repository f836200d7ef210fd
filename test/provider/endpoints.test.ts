import { describe, expect, it } from '@jest/globals';
import { providers } from 'express-connect-auth';
import { loggedIn, tryLogin } from '../support/login-outcome.ts';
import type { Claims } from '../support/scripted-keys.ts';
import { notStarted, started, tryStart } from '../support/start-outcome.ts';
import { useApps, useScriptedProvider } from '../support/use-apps.ts';

const op = await useScriptedProvider();
const startApp = useApps();

const FRONT = ['authorization_endpoint', 'end_session_endpoint'];
const CLIENT = [
  'token_endpoint',
  'userinfo_endpoint',
  'revocation_endpoint',
  'introspection_endpoint',
  'pushed_authorization_request_endpoint',
];
const ALL = [...FRONT, 'jwks_uri', ...CLIENT];

const WRONG: readonly [what: string, address: string][] = [
  ['on plain http', 'http://id.example.com/x'],
  ['with a fragment', 'https://id.example.com/x#part'],
  ['with an empty fragment', 'https://id.example.com/x#'],
  ['with a password', 'https://user:pass@id.example.com/x'],
  ['that is relative', '/x'],
  ['of another scheme', 'ftp://id.example.com/x'],
  ['that is none', ''],
];
const CASES = ALL.flatMap((member) => WRONG.map(([what, address]) => [member, what, address] as const));

const start = (announced: Claims, oidc: object = {}) => {
  op.script({ discovery: (document) => ({ ...document, ...announced }) });
  return startApp({ op, oidc });
};

describe('an endpoint that may be called', () => {
  it.each(
    CASES,
  )('%s: one %s is refused in the discovery document (R-33, R-34)', async (member, what, address) => {
    const app = await start({ [member]: address });
    expect(await tryStart(app)).toEqual(notStarted('provider_invalid_response', 502));
    const { message } = app.errors[0]!.error;
    expect(message).toContain(`${member}: expected an https URL`);
    expect(message.includes('without a fragment')).toBe(what.includes('fragment'));
    expect(message).not.toMatch(/pass|part/);
  });

  it.each(CASES)('%s: one %s is refused in the options (R-34)', (member, _what, address) => {
    const metadata = {
      authorization_endpoint: 'https://id.example.com/authorize',
      token_endpoint: 'https://id.example.com/token',
      [member]: address,
    };
    const issuer = 'https://id.example.com';
    expect(() => providers.oidc({ issuer, clientId: 'app', metadata })).toThrow(`metadata.${member} must`);
  });

  it.each(
    CLIENT.flatMap((member) => WRONG.map(([what, address]) => [member, what, address] as const)),
  )('%s for a client with a certificate: one %s is refused (RFC 8705, R-34)', async (member, _what, address) => {
    const announced = { mtls_endpoint_aliases: { [member]: address } };
    const app = await start(announced, {
      clientSecret: undefined,
      clientAuthentication: 'tls_client_auth',
    });
    expect(await tryStart(app)).toEqual(notStarted('provider_invalid_response', 502));
    expect(app.errors[0]!.error.message).toContain(`mtls_endpoint_aliases.${member}: expected an https URL`);
    // Who has none is never sent there.
    expect(await tryStart(await start(announced))).toEqual(started);
  });

  it.each(
    CLIENT.concat('jwks_uri'),
  )('may be on plain http inside a network, where that is listed: %s (R-34)', async (member) => {
    const inside = 'http://keycloak:8080';
    const oidc = { dangerouslyAllowHttp: [inside] };
    expect(await tryStart(await start({ [member]: `${inside}/x` }, oidc))).toEqual(started);
    const app = await start({ [member]: `${inside}/x#part` }, oidc);
    expect(await tryStart(app)).toEqual(notStarted('provider_invalid_response', 502));
    expect(app.errors[0]!.error.message).not.toContain('dangerouslyAllowHttp');
  });

  it('may be left out, but for those that every login needs', async () => {
    const none = Object.fromEntries(
      [...CLIENT.slice(1), 'end_session_endpoint'].map((member) => [member, undefined]),
    );
    expect(await tryLogin(await start(none))).toEqual(loggedIn);
    for (const member of ['authorization_endpoint', 'token_endpoint', 'jwks_uri'])
      expect(await tryStart(await start({ [member]: undefined }))).toEqual(
        notStarted('provider_invalid_response', 502),
      );
  });
});
