/**
 * Resolves with the first value that is not `undefined`, `null` or `false`, asking again and again.
 *
 * @throws Error when there is none after so many milliseconds.
 */
export async function until<Value>(
  look: () => Promise<Value> | Value,
  timeoutMs = 15_000,
): Promise<NonNullable<Value>> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const value = await look();
    if (value !== undefined && value !== null && value !== false) return value;
    if (Date.now() > deadline) throw new Error(`What was waited for did not come in ${timeoutMs} ms.`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
