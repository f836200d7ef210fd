/** The person who is signed in. A member left out is a claim that the person does not have. */
export interface EmulatorUser {
  sub: string;
  name?: string;
  givenName?: string;
  familyName?: string;
  preferredUsername?: string;
  picture?: string;
  locale?: string;
  email?: string;
  emailVerified?: boolean;
  phoneNumber?: string;
  phoneNumberVerified?: boolean;
  address?: string;
}

export const defaultUser: EmulatorUser = {
  sub: '8f79dcc1-0e2a-4b5c-9a3e-5d3f0a6f1c52',
  name: 'Kari Nordmann',
  givenName: 'Kari',
  familyName: 'Nordmann',
  preferredUsername: 'kari',
  picture: 'https://images.example/kari.png',
  locale: 'nb',
  email: 'kari.nordmann@mail.example',
  emailVerified: true,
  phoneNumber: '4798765432',
  phoneNumberVerified: true,
  address: 'Storgata 1, 0155 Oslo',
};

const readClaim: Record<string, (user: EmulatorUser) => unknown> = {
  sub: (user) => user.sub,
  name: (user) => user.name,
  given_name: (user) => user.givenName,
  family_name: (user) => user.familyName,
  preferred_username: (user) => user.preferredUsername,
  picture: (user) => user.picture,
  locale: (user) => user.locale,
  email: (user) => user.email,
  email_verified: (user) => user.emailVerified,
  phone_number: (user) => user.phoneNumber,
  phone_number_verified: (user) => user.phoneNumberVerified,
  address: (user) => user.address && { formatted: user.address },
};

/** Claim names that each scope opens. */
export type ScopeClaims = Record<string, readonly string[]>;

/** The claims of a person by name; unknown names and absent values are left out. */
export const pickClaims = (user: EmulatorUser, names: readonly string[]): Record<string, unknown> => {
  const entries = names.map((name) => [name, readClaim[name]?.(user)] as const);
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
};

/** The claims that the scopes open, after `sub`. */
export const claimsOfScopes = (
  user: EmulatorUser,
  scopes: readonly string[],
  scopeClaims: ScopeClaims,
): Record<string, unknown> =>
  pickClaims(user, ['sub', ...scopes.flatMap((scope) => scopeClaims[scope] ?? [])]);
