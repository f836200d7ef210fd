const FORM = /^[\w-]+\.[\w-]+\.[\w-]+$/;

/** Says whether a token looks like a signed JWT, whatever is in it. */
export function isJwt(token: string): boolean {
  return FORM.test(token);
}
