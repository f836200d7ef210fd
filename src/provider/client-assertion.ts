import * as client from 'openid-client';
import type { ProviderDefinition } from '../provider-definition.ts';
import type { ClientKeys } from './client-keys.ts';

/** Whom assertions speak to. */
type Audience = ProviderDefinition['clientAssertionAudience'];

/**
 * Proves the client by an assertion for the issuer, or for its token endpoint, that is good once and for a minute.
 *
 * @see [OpenID Connect Core, section 9](https://openid.net/specs/openid-connect-core-1_0.html#ClientAuthentication)
 */
export function createKeyAssertion(readKeys: ClientKeys | undefined, audience: Audience): client.ClientAuth {
  return async (server, ...request) => {
    const { key, id, algorithm } = (await readKeys!()).signing;
    const modify: client.ModifyAssertionFunction = (header, payload) => {
      // The library writes Ed25519, which few servers have heard of yet (RFC 9864).
      header.alg = algorithm;
      if (audience === 'token_endpoint') payload.aud = server.token_endpoint!;
    };
    const prove = client.PrivateKeyJwt(id === undefined ? key : { key, kid: id }, {
      [client.modifyAssertion]: modify,
    });
    await prove(server, ...request);
  };
}

/** The same by the client's secret, which signs by HS256. */
export function createSecretAssertion(audience: Audience): (secret: string) => client.ClientAuth {
  return (secret) =>
    async (server, ...request) => {
      const prove = client.ClientSecretJwt(secret, {
        [client.modifyAssertion]: (_header, payload) => {
          if (audience === 'token_endpoint') payload.aud = server.token_endpoint!;
        },
      });
      await prove(server, ...request);
    };
}
