/** Names that are not written as their first letter in capitals and the rest as it stands, by the key in lower case. */
const SPELLINGS: Readonly<Record<string, string>> = {
  github: 'GitHub',
  gitlab: 'GitLab',
  linkedin: 'LinkedIn',
  franceconnect: 'FranceConnect',
  'france-connect': 'FranceConnect',
  proconnect: 'ProConnect',
  'pro-connect': 'ProConnect',
  'login-gov': 'Login.gov',
};

/** For people: what names a provider in the options is a key, such as `work-account`. */
export function nameProvider(key: string): string {
  const words = key.replace(/-+/g, ' ').trim();
  return Object.hasOwn(SPELLINGS, key) ? SPELLINGS[key]! : words.charAt(0).toUpperCase() + words.slice(1);
}
