/** The attributes of a `Set-Cookie` line, sorted, but for those that say how long the cookie lives. */
export function attributesOf(line = ''): string[] {
  const attributes = line.split('; ').slice(1);
  return attributes.filter((attribute) => !/^(Max-Age|Expires)=/.test(attribute)).sort();
}
