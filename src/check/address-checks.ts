import type { ResolvedOptions } from '../options/options.ts';
import { readFoundFault } from '../provider/provider-fault.ts';
import { explainSilence } from './address-silence.ts';
import { type Check, failed, passed, skipped, warned } from './check.ts';
import type { Sample, SendSample } from './sample-request.ts';
import { checkCookies, checkHost, checkInstances, checkPath, checkScheme } from './sighting-checks.ts';

/** What is looked at, and how. */
export interface AddressSubject {
  readonly options: ResolvedOptions;
  /** What browsers are told to open, without a slash at its end. */
  readonly url: string;
  /** Whether `Host` chooses among several base URLs. */
  readonly isChosenByHost: boolean;
  readonly send: SendSample;
  readonly now: () => number;
}

/** So often it is asked, so that several instances behind one address show themselves. */
const ROUNDS = 4;

const SKIPPED = 'It is tried with an address: doctor --url https://…, or auth.check({ url }).';

/** Says that it was not tried. */
export const notAsked: Check = skipped('address', SKIPPED);

/**
 * Sends sample requests to the public address, and compares what arrived with what was sent: by way of whatever stands
 * between, and of what the application has put before the middleware.
 */
export async function checkAddress(subject: AddressSubject): Promise<readonly Check[]> {
  const { options, url, send } = subject;
  const { routes, providers, severalProviders } = options;
  const [provider] = providers.keys();
  // Where the provider sends browsers to: if only one path is led here, it is this one.
  const callback = severalProviders ? `${routes.callback}/${provider}` : routes.callback;
  const path = callback === false ? routes.home : callback;
  let first: Sample;
  try {
    first = await send(url + path);
  } catch (error) {
    return [
      failed(
        'address.reach',
        `${url} cannot be reached: ${readFoundFault(error)?.fault.got ?? 'no answer'}.`,
        {
          field: 'baseUrl',
          remedy: 'Start the application, and give the address that browsers open.',
        },
      ),
    ];
  }
  if (!first.seen) return [await explainSilence(first, subject)];
  const samples = [first];
  for (let round = 1; round < ROUNDS; round += 1) {
    const sample = send(url + path, first.cookie?.value);
    samples.push(await sample.catch(() => ({ ...first, seen: undefined })));
  }
  return [
    passed('address.reach', `${url} leads to this application.`),
    checkHost(first, subject),
    checkScheme(subject),
    checkPath(first, path, subject),
    ...checkCookies(samples, subject),
    ...checkInstances(samples, subject),
    ...(await checkHome(subject)),
  ];
}

/** The callback leads here. A page that does not is one that nobody is logged in on. */
async function checkHome({ options, url, send }: AddressSubject): Promise<readonly Check[]> {
  const home = await send(url + options.routes.home).catch(() => undefined);
  if (!home || home.seen) return [];
  return [
    warned('address.home', `${home.url} is answered by something that stands before connectAuth().`, {
      field: 'app.use',
      remedy:
        'A route that is mounted before it knows no req.user. Mount connectAuth() first; nothing is to be done where that page is a file that shows nobody.',
    }),
  ];
}
