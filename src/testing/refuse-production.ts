import { isProduction } from '../assembly/is-production.ts';
import { ConfigurationError } from '../errors.ts';

/**
 * Lets nothing of the test kit run where real people are.
 *
 * @throws ConfigurationError
 */
export function refuseProduction(call: string): void {
  if (!isProduction()) return;
  throw new ConfigurationError(
    `${call} of express-connect-auth/testing logs anybody in as anybody, and NODE_ENV is "production". Tests run with NODE_ENV=test.`,
  );
}
