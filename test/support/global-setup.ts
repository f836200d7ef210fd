import { provideRsaKeys } from './rsa-keys.ts';

/** What is made once for all test files. A default export, because Jest asks for one. */
export default provideRsaKeys;
