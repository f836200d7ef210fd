import type { ClientAuth } from 'openid-client';

/**
 * HTTP Basic with `id:secret` as they are. RFC 6749, section 2.3.1 wants both form-encoded, which turns the hyphens of
 * a client id into `%2D`; a server that compares the bytes refuses that. The body names the client as well.
 */
export function createRawBasic(secret: string): ClientAuth {
  return (_server, client, body, headers) => {
    body.set('client_id', client.client_id);
    const credentials = Buffer.from(`${client.client_id}:${secret}`).toString('base64');
    headers.set('authorization', `Basic ${credentials}`);
  };
}
