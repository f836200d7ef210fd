/** A provider's answer that has come whole: what a `Response` says, without its stream. */
export interface WholeAnswer {
  /** Where it was asked. */
  readonly url: string;
  readonly status: number;
  readonly statusText: string;
  readonly headers: Headers;
  readonly text: string;
}

/** Says whether an answer tells of a success. */
export function isSuccess({ status }: WholeAnswer): boolean {
  return status >= 200 && status <= 299;
}

/** The answer as a library wants it. */
export function toResponse({ url, status, statusText, headers, text }: WholeAnswer): Response {
  // As bytes: a text would be given a content type that nobody sent.
  const body = text === '' ? null : Buffer.from(text);
  const response = new Response(body, { status, statusText, headers });
  return Object.defineProperty(response, 'url', { value: url });
}

/** The same answer, with a value in place of its body. */
export function withJson(answer: WholeAnswer, value: unknown): WholeAnswer {
  const headers = new Headers(answer.headers);
  headers.set('content-type', 'application/json');
  return { ...answer, headers, text: JSON.stringify(value) };
}
