import { foundFault } from './provider-fault.ts';
import { describeAnswer } from './provider-faults.ts';
import type { WholeAnswer } from './whole-answer.ts';

/**
 * Reads a provider's answer that must be a JSON object.
 *
 * @param asked - the request, for messages.
 * @throws foundFault, which tells nothing of the values.
 */
export function readObject(answer: WholeAnswer, asked: string): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(answer.text);
  } catch {
    // Told below, as what it is.
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return value as Record<string, unknown>;
  const got = value === undefined ? describeAnswer(answer) : 'JSON of another kind';
  throw foundFault({ asked, expected: 'a JSON object', got });
}
