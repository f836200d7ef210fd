/**
 * A provider's answer that has come whole: what a `Response` says, without its stream, and without the words beside the
 * status, which nobody reads and which may be in letters that a `Response` cannot be made with.
 */
export interface WholeAnswer {
  /** Where it was asked. */
  readonly url: string;
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/** Says whether an answer tells of a success. */
export function isSuccess({ status }: WholeAnswer): boolean {
  return status >= 200 && status <= 299;
}

/**
 * The answer as a library wants it. That of a success has no stream: to make one of what is there, and to read it again,
 * takes longer than anything else that is done with an answer.
 */
export function toResponse(answer: WholeAnswer): Response {
  const { url, status, headers, text } = answer;
  const isStreamed = text !== '' && !isSuccess(answer);
  // As bytes: a text would be given a content type that nobody sent.
  const response = new Response(isStreamed ? Buffer.from(text) : null, { status, headers });
  if (isStreamed) return Object.defineProperty(response, 'url', { value: url });
  return Object.defineProperties(response, {
    url: { value: url },
    text: { value: async () => text },
    json: { value: async () => JSON.parse(text) },
  });
}

/** The same answer, with a value in place of its body. */
export function withJson(answer: WholeAnswer, value: unknown): WholeAnswer {
  const headers = new Headers(answer.headers);
  headers.set('content-type', 'application/json');
  return { ...answer, headers, text: JSON.stringify(value) };
}
