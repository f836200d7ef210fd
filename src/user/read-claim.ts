/**
 * Reads a claim by its name, else by the path to it: `realm_access.roles`. Names with dots in them, such as URLs, are
 * names first; an array is a path whatever is in it. Nothing is inherited: `constructor` is no claim.
 */
export function readClaim(claims: object, path: string | readonly string[]): unknown {
  if (typeof path === 'string' && Object.hasOwn(claims, path))
    return (claims as Record<string, unknown>)[path];
  const steps = typeof path === 'string' ? path.split('.') : path;
  let value: unknown = claims;
  for (const step of steps) {
    if (typeof value !== 'object' || value === null || Array.isArray(value) || !Object.hasOwn(value, step))
      return undefined;
    value = (value as Record<string, unknown>)[step];
  }
  return value;
}
