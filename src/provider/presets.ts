import { oidc } from './oidc.ts';

/** The providers this library knows, each a function that turns options into a definition. */
export const providers = Object.freeze({ oidc });
