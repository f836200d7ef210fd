import path = require('node:path');

/** What Jest asks a resolver with, as far as this one looks at it. */
interface ResolverOptions {
  /** `require` among them: CommonJS asks. */
  readonly conditions?: readonly string[];
  defaultResolver(request: string, options: ResolverOptions): string;
}

/** What CommonJS gets for the modules of this package. */
const BUILDS: ReadonlyMap<string, string> = new Map([
  ['express-connect-auth', 'index.cjs'],
  ['express-connect-auth/testing', 'testing.cjs'],
  ['express-connect-auth/client', 'client.cjs'],
]);

/**
 * Lets tests in CommonJS load this package, in one line of Jest's configuration: `resolver: 'express-connect-auth/jest'`.
 *
 * Jest loads CommonJS by itself and, before Node 24.9, cannot load ECMAScript modules from there. So it gets the same
 * code, bundled with the three packages below it that are modules as well. Nothing else ever loads that build.
 */
function resolve(request: string, options: ResolverOptions): string {
  const build = options.conditions?.includes('require') ? BUILDS.get(request) : undefined;
  return build ? path.join(__dirname, '..', 'commonjs', build) : options.defaultResolver(request, options);
}

export = resolve;
