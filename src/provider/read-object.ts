import { foundFault } from './provider-fault.ts';
import { describeAnswer } from './provider-faults.ts';

/**
 * Reads a provider's answer that must be a JSON object.
 *
 * @param asked - the request, for messages.
 * @throws foundFault, which tells nothing of the values.
 */
export async function readObject(
  response: Response,
  asked: string,
): Promise<Readonly<Record<string, unknown>>> {
  const text = await response.text();
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // Told below, as what it is.
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return value as Record<string, unknown>;
  const got = value === undefined ? describeAnswer(response) : 'JSON of another kind';
  throw foundFault({ asked, expected: 'a JSON object', got });
}
