import { ConfigurationError } from '../errors.ts';
import { createAccessor } from './create-accessor.ts';

/** What other libraries give requests and responses, and what to write instead. */
interface ForeignMembers {
  /** Read as they are. */
  readonly objects: Readonly<Record<string, string>>;
  /** Called. */
  readonly methods: Readonly<Record<string, string>>;
}

const OF_REQUESTS: ForeignMembers = {
  objects: {
    oidc: 'is of express-openid-connect. Use req.user, req.auth.isAuthenticated, req.auth.claims, and req.auth.getAccessToken() or req.auth.fetch() for tokens.',
    openid: 'is of express-openid-connect. Use req.user and req.auth.',
    appSession: 'is of express-openid-connect. Use req.session for data; tokens stay on the server.',
    kauth:
      'is of keycloak-connect. Use req.user, req.auth.claims, and req.auth.getAccessToken() or req.auth.fetch() for tokens.',
  },
  methods: {
    isAuthenticated: 'is of passport. Use req.auth.isAuthenticated, which is no function, or requireAuth.',
    isUnauthenticated: 'is of passport. Use !req.auth.isAuthenticated.',
    login: 'is of passport. Logins are made by the provider: await req.auth.login().',
    logout: 'is of passport. Use await req.auth.logout(), which answers the request.',
    logOut: 'is of passport. Use await req.auth.logout(), which answers the request.',
  },
};

const OF_RESPONSES: ForeignMembers = {
  objects: {
    oidc: 'is of express-openid-connect. Use await req.auth.login() and await req.auth.logout().',
    openid: 'is of express-openid-connect. Use await req.auth.login() and await req.auth.logout().',
  },
  methods: {},
};

/**
 * Accessors for what other libraries have there: without them `req.oidc.user` is a TypeError that names no remedy. A
 * library that is really there puts its own in their place, by assignment or below in the prototypes.
 */
export const FOREIGN_REQUEST_MEMBERS = describeMembers('req', OF_REQUESTS);
/** The same of responses. */
export const FOREIGN_RESPONSE_MEMBERS = describeMembers('res', OF_RESPONSES);

/** Adds accessors where nothing of that name is. */
export function addMembers(prototype: object, members: PropertyDescriptorMap): void {
  for (const [name, accessor] of Object.entries(members)) {
    if (!(name in prototype)) Object.defineProperty(prototype, name, accessor);
  }
}

function describeMembers(holder: 'req' | 'res', { objects, methods }: ForeignMembers): PropertyDescriptorMap {
  const refuse = (name: string, remedy: string): never => {
    throw new ConfigurationError(`${holder}.${name} ${remedy}`);
  };
  return Object.fromEntries([
    ...Object.entries(objects).map(([name, remedy]) => [
      name,
      createAccessor(name, () => refuse(name, remedy)),
    ]),
    ...Object.entries(methods).map(([name, remedy]) => {
      const method = () => refuse(`${name}()`, remedy);
      // passport keeps what a request has already, and gives it `logIn` before it looks at the others.
      return [name, createAccessor(name, (of) => (Object.hasOwn(of, 'logIn') ? undefined : method))];
    }),
  ]);
}
