import { connectis } from './connectis.ts';
import { did } from './did.ts';
import { fewlines } from './fewlines.ts';
import { oidc } from './oidc.ts';
import { telenor } from './telenor.ts';

/** The providers this library knows, each a function that turns options into a definition. */
export const providers = Object.freeze({ oidc, fewlines, telenor, connectis, did });
