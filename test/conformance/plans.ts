import type { OidcOptions } from 'express-connect-auth';
import { CONFIG_MODULES } from './config-modules.ts';
import { BASIC_MODULES, FORM_POST_ERROR, OTHER_MODULES, SIGNED_USERINFO } from './login-modules.ts';
import {
  BACK_CHANNEL_MODULES,
  FRONT_CHANNEL_FROM_PROVIDER,
  FRONT_CHANNEL_MODULES,
  RP_LOGOUT_MODULES,
} from './logout-modules.ts';
import { REFRESH_MODULES } from './refresh-modules.ts';
import type { ConformanceModule } from './stage.ts';

/** A plan of the conformance suite for relying parties, with its modules for the code flow. */
export interface Plan {
  readonly title: string;
  readonly responseMode: NonNullable<OidcOptions['responseMode']>;
  readonly modules: readonly ConformanceModule[];
}

/** Those that are played. */
export const PLANS: readonly Plan[] = [
  { title: 'Basic', responseMode: 'query', modules: BASIC_MODULES },
  { title: 'Form Post Basic', responseMode: 'form_post', modules: BASIC_MODULES },
  { title: 'Config', responseMode: 'query', modules: CONFIG_MODULES },
  { title: 'Dynamic: signed userinfo', responseMode: 'query', modules: [SIGNED_USERINFO] },
  { title: 'Refresh Token', responseMode: 'query', modules: REFRESH_MODULES },
  { title: 'RP-Initiated Logout', responseMode: 'query', modules: RP_LOGOUT_MODULES },
  { title: 'Back-Channel Logout', responseMode: 'query', modules: BACK_CHANNEL_MODULES },
  { title: 'Front-Channel Logout', responseMode: 'query', modules: FRONT_CHANNEL_MODULES },
  {
    title: 'Others, of no plan for certification',
    responseMode: 'query',
    modules: [...OTHER_MODULES, FRONT_CHANNEL_FROM_PROVIDER],
  },
  {
    title: 'Others, by form_post',
    responseMode: 'form_post',
    modules: [...OTHER_MODULES, FORM_POST_ERROR],
  },
];
