import type { ProviderDefinition } from '../provider-definition.ts';

const warned = new WeakSet<object>();

/**
 * Says once at the start which providers know this application as a public client. A server can keep a secret: without one,
 * whoever gets hold of a code, or of a refresh token, can use it as this application does.
 *
 * @param given - what the application wrote: for each of these it is said once.
 * @see [RFC 10017, section 6.1.3.1](https://www.rfc-editor.org/rfc/rfc10017#section-6.1.3.1)
 */
export function warnOfPublicClients(
  given: object,
  providers: ReadonlyMap<string, Pick<ProviderDefinition, 'clientAuthentication'>>,
): void {
  const names = [...providers].filter(([, provider]) => provider.clientAuthentication === 'none');
  if (names.length === 0 || warned.has(given)) return;
  warned.add(given);
  const who = names.map(([name]) => `"${name}"`).join(', ');
  process.emitWarning(
    `This application is a public client of provider ${who}: it proves itself by nothing. A server can keep a secret; register it as a confidential client, and give clientSecret or clientKey.`,
    { type: 'ConnectAuthWarning', code: 'CONNECT_AUTH_PUBLIC_CLIENT' },
  );
}
