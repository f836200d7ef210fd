/** What a supertest agent keeps cookies in. */
interface Jar {
  setCookies(lines: string[], domain: string, path: string): unknown;
  getCookies(access: { domain: string; path: string; secure: boolean; script: boolean }): {
    toValueString(): string;
  }[];
}

/** Where supertest's own servers are, whatever the base URL says. */
const LOOPBACK = ['127.0.0.1', 'localhost'];

/**
 * Puts cookies into the jar of a supertest agent; nothing where the target is none. Without `Secure`: its requests are
 * on http, also where the base URL is on https.
 */
export function fillJar(target: unknown, lines: readonly string[], hostname: string): void {
  const jar = findJar(target);
  const plain = lines.map((line) =>
    line.replace(/; *secure/i, '').replace(/; *max-age=0/i, '; Expires=Thu, 01 Jan 1970 00:00:00 GMT'),
  );
  for (const domain of new Set([...LOOPBACK, hostname])) jar?.setCookies(plain, domain, '/');
}

/** The `Cookie` header that the agent would send; empty where the target is none. */
export function readJar(target: unknown, hostname: string): string {
  const access = { path: '/', secure: true, script: false };
  const cookies = [...LOOPBACK, hostname].flatMap(
    (domain) => findJar(target)?.getCookies({ ...access, domain }) ?? [],
  );
  return [...new Set(cookies.map((cookie) => cookie.toValueString()))].join('; ');
}

function findJar(target: unknown): Jar | undefined {
  const jar = (target as { jar?: Partial<Jar> } | undefined)?.jar;
  return typeof jar?.setCookies === 'function' ? (jar as Jar) : undefined;
}
