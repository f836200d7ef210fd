/**
 * A provider's own popup page learns from the `state` which window to answer: it is base64 JSON around ours.
 *
 * @param pageOrigin - origin of the page that opens the popup.
 */
export function wrapPopupState(state: string, pageOrigin: string): string {
  return Buffer.from(JSON.stringify({ state, current_url: pageOrigin, v: 1 })).toString('base64');
}

/** Our state out of what the page got back, whether or not the provider unwrapped it. */
export function unwrapPopupState(value: string): string {
  try {
    const wrapped: unknown = JSON.parse(Buffer.from(value, 'base64').toString('utf8'));
    const { state } = wrapped as { state?: unknown };
    return typeof state === 'string' ? state : value;
  } catch {
    return value;
  }
}
