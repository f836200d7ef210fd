/** Moves the parameters of a token request from its body into its URL, where some brokers want them. Never both. */
export function moveParamsToQuery(url: string, options: RequestInit): { url: string; options: RequestInit } {
  if (!(options.body instanceof URLSearchParams)) return { url, options };
  const target = new URL(url);
  for (const [name, value] of options.body) target.searchParams.append(name, value);
  const headers = new Headers(options.headers);
  headers.delete('content-type');
  return { url: target.href, options: { ...options, headers, body: null } };
}
