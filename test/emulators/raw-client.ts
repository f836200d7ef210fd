/** Parameters by name: a list repeats one, undefined leaves it out. */
export type RawParameters = Record<string, string | string[] | undefined>;

export const encodeParameters = (parameters: RawParameters): URLSearchParams => {
  const pairs = Object.entries(parameters).flatMap(([name, value]) =>
    [value ?? []].flat().map((each) => [name, each]),
  );
  return new URLSearchParams(pairs);
};

/** A GET that follows no redirect. */
export const get = (
  url: string,
  parameters: RawParameters = {},
  headers: Record<string, string> = {},
): Promise<Response> => {
  const query = encodeParameters(parameters).toString();
  return fetch(query === '' ? url : `${url}?${query}`, { headers, redirect: 'manual' });
};

/** A POST of a form that follows no redirect. */
export const postForm = (
  url: string,
  parameters: RawParameters,
  headers: Record<string, string> = {},
): Promise<Response> =>
  fetch(url, { method: 'POST', body: encodeParameters(parameters), headers, redirect: 'manual' });

/** The address that a redirect leads to. */
export const readLocation = (response: Response): URL => new URL(response.headers.get('location') ?? '');

/** The parameters that a redirect carries in its query. */
export const readCallback = (response: Response): Record<string, string> =>
  Object.fromEntries(readLocation(response).searchParams);

export const rawBasic = (clientId: string, clientSecret: string): { authorization: string } => ({
  authorization: `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}`,
});

export const bearer = (token: string): { authorization: string } => ({ authorization: `Bearer ${token}` });

const decodePart = (part: string | undefined) =>
  JSON.parse(Buffer.from(part ?? '', 'base64url').toString('utf8'));

/** Header, claims and parts of a compact JWS, nothing verified. */
export const decodeJwt = (token: string) => {
  const [header, claims, signature = ''] = token.split('.');
  return { header: decodePart(header), claims: decodePart(claims), input: `${header}.${claims}`, signature };
};

/** Action and hidden fields of the form on a page, read as a browser reads them. */
export const readPageForm = (html: string): { action: string; fields: Record<string, string> } => {
  const attribute = (element: string, name: string) =>
    unescapeHtml(new RegExp(`${name}="([^"]*)"`).exec(element)?.[1] ?? '');
  const inputs = html.match(/<input type="hidden"[^>]*>/g) ?? [];
  return {
    action: attribute(/<form[^>]*>/.exec(html)?.[0] ?? '', 'action'),
    fields: Object.fromEntries(inputs.map((input) => [attribute(input, 'name'), attribute(input, 'value')])),
  };
};

/** Undoes escape-html. */
const unescapeHtml = (text: string): string => {
  const characters: Record<string, string> = { '#39': "'", amp: '&', gt: '>', lt: '<', quot: '"' };
  return text.replace(/&(#39|amp|gt|lt|quot);/g, (_, name) => characters[name]!);
};

/** A clock that stands still until a test moves it. */
export const createTestClock = (start = Date.parse('2026-11-01T12:00:00Z')) => {
  let time = start;
  return {
    now: (): number => time,
    advance: (ms: number): void => {
      time += ms;
    },
  };
};
