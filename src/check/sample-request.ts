import type { Clock } from '../clock.ts';
import type { ResolvedOptions } from '../options/options.ts';
import { createBoundedFetch } from '../provider/bounded-fetch.ts';
import type { WholeAnswer } from '../provider/whole-answer.ts';
import { nameSampleCookie, readSighting, type Sighting } from './sample-answer.ts';
import { createSampleTokens, SAMPLE_HEADER } from './sample-token.ts';

/** What came of one request to the public address. */
export interface Sample {
  /** Without the query. */
  readonly url: string;
  readonly response: WholeAnswer;
  /** What the process saw that answered; `undefined`: no process of this application did. */
  readonly seen: Sighting | undefined;
  /** The sample cookie as the answer set it: its value and its attributes in lower case. */
  readonly cookie: { readonly value: string; readonly attributes: readonly string[] } | undefined;
}

/** What sample requests are made of. */
export interface SampleRequestOptions {
  readonly options: ResolvedOptions;
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
  readonly now: Clock;
  /** Bound of one request, in milliseconds. */
  readonly timeoutMs: number;
}

/** Sends one to an address. `cookie`: the value of the sample cookie to bring back. */
export type SendSample = (url: string, cookie?: string) => Promise<Sample>;

/**
 * Makes what sends them. They are HEAD, which no route of ours does anything for, so that an application that does not
 * answer them has done nothing either.
 */
export function createSampleRequest({ options, fetch, now, timeoutMs }: SampleRequestOptions): SendSample {
  const bounded = createBoundedFetch({ timeoutMs, fetch });
  const tokens = createSampleTokens(options, now);
  const cookieName = nameSampleCookie(options);

  return async (url, cookie) => {
    const { token, nonce } = tokens.create();
    const response = await bounded(url, {
      method: 'HEAD',
      headers: {
        [SAMPLE_HEADER]: token,
        accept: 'text/html',
        ...(cookie === undefined ? {} : { cookie: `${cookieName}=${cookie}` }),
      },
    });
    const seen = readSighting(response.headers.get(SAMPLE_HEADER), nonce);
    return { url, response, seen, cookie: findCookie(response, cookieName) };
  };
}

function findCookie({ headers }: WholeAnswer, name: string): Sample['cookie'] {
  const header = headers.getSetCookie().find((each) => each.startsWith(`${name}=`));
  const [pair, ...attributes] = (header ?? '').split(';').map((part) => part.trim());
  if (!pair) return undefined;
  return { value: pair.slice(name.length + 1), attributes: attributes.map((each) => each.toLowerCase()) };
}
