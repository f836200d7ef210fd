import { createDiagnostics } from '../diagnostics.ts';
import { createApplicationKeys, hash } from '../keys.ts';
import { type Resolved, readOptions } from '../options/option-table.ts';
import type { ResolvedOptions } from '../options/options.ts';
import { createProviderExaminer } from '../provider/provider-examiner.ts';
import type { Store } from '../store/store.ts';
import { checkAddress, notAsked } from './address-checks.ts';
import { type Check, failed, skipped } from './check.ts';
import { CHECK_OPTIONS, type CheckOptions } from './check-options.ts';
import type { ApplicationCard, CheckReport, Registration } from './check-report.ts';
import { checkOptions } from './option-checks.ts';
import { checkProvider } from './provider-checks.ts';
import { listRegistrations } from './registrations.ts';
import { createSampleRequest } from './sample-request.ts';
import { checkStore, type StoreChecks } from './store-checks.ts';

/** What is looked at. */
export interface CheckerOptions {
  /** What is the same for all base URLs and tenants. */
  readonly shared: ResolvedOptions;
  /** The options of each base URL; of a tenant where one is named. `undefined`: there are tenants, and none is named. */
  readonly findSites: (tenant: string | undefined) => Promise<readonly ResolvedOptions[] | undefined>;
  readonly isChosenByHost: boolean;
  readonly store: Store;
}

type Given = Resolved<typeof CHECK_OPTIONS>;

/** Makes `auth.check()`. It looks at everything at once, each part within its time, and never fails for what it finds. */
export function createChecker(options: CheckerOptions): (given?: CheckOptions) => Promise<CheckReport> {
  const { shared, findSites, store } = options;

  return async (given = {}) => {
    const asked = readOptions('auth.check()', given, CHECK_OPTIONS);
    const sites = await findSites(asked.tenant);
    const own = sites?.[0] ?? shared;
    const register = sites ? listRegistrations(sites) : [];
    const bound = createBound(asked.timeoutMs);
    let redis: string | undefined;
    const parts = await Promise.all([
      sites ? checkOptions(own, sites) : [noTenant()],
      bound('redis', async () => {
        const found: StoreChecks = await checkStore(store, shared.clocks.now);
        redis = found.redis;
        return found.checks;
      }),
      ...(sites ? listProviderChecks(own, register, asked).map((work) => bound('provider', work)) : []),
      bound('address', () => checkOwnAddress(options, sites ?? [shared], asked)),
    ]);
    const checks = parts.flat();
    return {
      ok: checks.every(({ status }) => status !== 'fault'),
      checks,
      register,
      application: describeApplication(own, sites ?? [], redis),
    };
  };
}

function noTenant(): Check {
  return skipped('provider', 'There are tenants, and the provider of none was looked at.', {
    field: 'tenant',
    remedy: 'Name one: doctor --tenant NAME, or auth.check({ tenant }).',
  });
}

function listProviderChecks(options: ResolvedOptions, register: readonly Registration[], asked: Given) {
  const { fetch, clocks } = options;
  const { now, monotonic } = clocks;
  const diagnostics = createDiagnostics({ monotonic, tenant: undefined });
  return [...options.providers].map(([name, definition]) => () => {
    const examiner = createProviderExaminer(definition, { name, now, monotonic, fetch, diagnostics });
    const redirectUri = register.find(({ provider }) => provider === name)?.redirectUris[0];
    const { tryCredentials } = asked;
    return checkProvider({ ...{ name, definition, examiner, now, redirectUri, tryCredentials } });
  });
}

async function checkOwnAddress(
  { shared, isChosenByHost }: CheckerOptions,
  sites: readonly ResolvedOptions[],
  { url, timeoutMs }: Given,
): Promise<readonly Check[]> {
  if (url === undefined) return [notAsked];
  const { now } = shared.clocks;
  const site = sites.find(({ baseUrl }) => new URL(baseUrl).host === new URL(url).host) ?? sites[0]!;
  // Name, secret and cookie of all of them, so that any of their processes can answer.
  const { application, session, https } = shared;
  const options = { ...site, application, session, https };
  const send = createSampleRequest({
    ...{ options, now, timeoutMs: timeoutMs / 3 },
    fetch: (address, init) => fetch(address, init),
  });
  return checkAddress({ options, url, isChosenByHost, send, now });
}

/** Each part has its time: what hangs is told of, and keeps nothing else from being told. */
function createBound(timeoutMs: number) {
  return async (part: string, work: () => Promise<readonly Check[]>): Promise<readonly Check[]> => {
    let timer: NodeJS.Timeout | undefined;
    const late = failed(part, `It was not done within ${timeoutMs} ms.`, {
      field: 'timeoutMs',
      remedy: 'Look whether it hangs; more time is given by timeoutMs.',
    });
    const tooLate = new Promise<readonly Check[]>((resolve) => {
      timer = setTimeout(resolve, timeoutMs, [late]);
    });
    try {
      return await Promise.race([work(), tooLate]);
    } finally {
      clearTimeout(timer);
    }
  };
}

function describeApplication(
  { application, secrets, redisPrefix, session, providers, baseUrl }: ResolvedOptions,
  sites: readonly ResolvedOptions[],
  redis: string | undefined,
): ApplicationCard {
  const mark = createApplicationKeys(application).derive(secrets[0]!, 'mark of the secret');
  return {
    application,
    baseUrls: sites.length > 0 ? sites.map((site) => site.baseUrl) : [baseUrl],
    cookieName: session.cookieName,
    cookiePath: session.cookiePath,
    redis,
    redisPrefix,
    clients: [...providers.values()].map(({ issuer, clientId }) => `${clientId} at ${issuer}`),
    secretMark: hash(mark.toString('base64url')).slice(0, 4),
  };
}
