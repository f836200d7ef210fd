import type { ProviderDefinition } from '../provider-definition.ts';
import { createBoundedFetch } from './bounded-fetch.ts';
import { discover } from './discovery.ts';
import type { ProviderSettings } from './provider.ts';
import { faultError, nameRequest } from './provider-fault.ts';
import { describeAnswer, isPassing, toProviderError } from './provider-faults.ts';
import { toResponse } from './whole-answer.ts';

/**
 * Looks whether a provider is there: at its discovery document, else at its keys, else at whatever its token endpoint
 * answers to a GET. Changes nothing for logins.
 *
 * @throws ProviderError that says what was asked and what came.
 */
export async function lookAtProvider(
  definition: ProviderDefinition,
  { name, fetch, signal }: Pick<ProviderSettings, 'name' | 'fetch'> & { readonly signal: AbortSignal },
): Promise<void> {
  const bounded = createBoundedFetch({
    timeoutMs: definition.timeoutMs,
    fetch: (url, options) =>
      fetch(url, {
        ...options,
        signal: AbortSignal.any([signal, ...(options.signal ? [options.signal] : [])]),
      }),
  });
  const { metadata } = definition;
  try {
    if (!metadata) {
      await discover(definition, (url, options) => bounded(url, options).then(toResponse));
      return;
    }
    const address = metadata.jwks_uri ?? metadata.token_endpoint;
    const response = await bounded(address, { method: 'GET', headers: { accept: 'application/json' } });
    // An endpoint for POST may refuse a GET as it likes: it is there.
    if (metadata.jwks_uri === undefined ? !isPassing(response.status) : response.status === 200) return;
    throw faultError(name, {
      asked: nameRequest('GET', address),
      expected: 'an answer',
      got: describeAnswer(response),
    });
  } catch (error) {
    throw toProviderError(error, name, 'a look at it');
  }
}
