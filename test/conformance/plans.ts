import type { OidcOptions } from 'express-connect-auth';
import { CONFIG_MODULES } from './config-modules.ts';
import { type FapiModule, SECURITY_MODULES, SIGNING_MODULES } from './fapi/fapi-modules.ts';
import { runFapiModule } from './fapi/run-fapi-module.ts';
import { INITIATED_MODULES } from './initiated-modules.ts';
import { BASIC_MODULES, FORM_POST_ERROR, OTHER_MODULES, SIGNED_USERINFO } from './login-modules.ts';
import {
  BACK_CHANNEL_MODULES,
  FRONT_CHANNEL_FROM_PROVIDER,
  FRONT_CHANNEL_MODULES,
  RP_LOGOUT_MODULES,
} from './logout-modules.ts';
import { REFRESH_MODULES } from './refresh-modules.ts';
import { runModule } from './run-module.ts';
import type { ConformanceModule, ModuleFacts, ModuleResult } from './stage.ts';

/** A module, ready to be run to its verdict. */
export interface PlannedModule extends ModuleFacts {
  run(): Promise<ModuleResult>;
}

/** A plan of the conformance suite for relying parties, with its modules for the code flow. */
export interface Plan {
  readonly title: string;
  readonly modules: readonly PlannedModule[];
}

type ResponseMode = NonNullable<OidcOptions['responseMode']>;

const plan = (
  title: string,
  modules: readonly ConformanceModule[],
  responseMode: ResponseMode = 'query',
): Plan => ({
  title,
  modules: modules.map((module) => ({ ...module, run: () => runModule(module, responseMode) })),
});

const fapiPlan = (
  title: string,
  modules: readonly FapiModule[],
  profile: NonNullable<OidcOptions['profile']>,
): Plan => ({
  title,
  modules: modules.map((module) => ({ ...module, run: () => runFapiModule(module, profile) })),
});

/** Those that are played. */
export const PLANS: readonly Plan[] = [
  plan('Basic', BASIC_MODULES),
  plan('Form Post Basic', BASIC_MODULES, 'form_post'),
  plan('Config', CONFIG_MODULES),
  plan('Dynamic: signed userinfo', [SIGNED_USERINFO]),
  plan('Refresh Token', REFRESH_MODULES),
  plan('Third-Party-Initiated Login', INITIATED_MODULES),
  plan('RP-Initiated Logout', RP_LOGOUT_MODULES),
  plan('Back-Channel Logout', BACK_CHANNEL_MODULES),
  plan('Front-Channel Logout', FRONT_CHANNEL_MODULES),
  plan('Others, of no plan for certification', [...OTHER_MODULES, FRONT_CHANNEL_FROM_PROVIDER]),
  plan('Others, by form_post', [...OTHER_MODULES, FORM_POST_ERROR], 'form_post'),
  fapiPlan('FAPI 2.0 Security Profile', SECURITY_MODULES, 'fapi2'),
  fapiPlan('FAPI 2.0 Message Signing', SIGNING_MODULES, 'fapi2-message-signing'),
];

/** The modules that ask a client to refuse something: whoever checks nothing must fail each. */
export const REFUSALS: readonly ConformanceModule[] = [
  ...[...BASIC_MODULES, ...CONFIG_MODULES, ...REFRESH_MODULES, ...BACK_CHANNEL_MODULES, ...OTHER_MODULES],
].filter(({ wanted }) => /^(refuse|use nothing|answer 400|start no)/.test(wanted));
