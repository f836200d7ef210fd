import { createHook } from 'node:async_hooks';
import { request } from 'node:http';

/**
 * How many promises this process makes while it answers a page: the fewest of several requests, for whatever else happens
 * in the process can only add some. The request itself makes none.
 *
 * @throws Error when an answer is not 200.
 */
export async function countPromises(url: string, cookie: string | undefined, requests = 20): Promise<number> {
  let promises = 0;
  const hook = createHook({
    init: (_id, type) => {
      if (type === 'PROMISE') promises += 1;
    },
  });
  const counts: number[] = [];
  for (let index = 0; index < requests; index += 1) {
    await new Promise<void>((resolve, reject) => {
      const sent = request(
        url,
        { agent: false, headers: cookie === undefined ? {} : { cookie } },
        (answer) => {
          answer.resume();
          answer.once('end', () => {
            hook.disable();
            counts.push(promises);
            if (answer.statusCode === 200) resolve();
            else reject(new Error(`${url} was answered with ${answer.statusCode}.`));
          });
        },
      );
      sent.once('error', reject);
      promises = 0;
      hook.enable();
      sent.end();
    });
  }
  return Math.min(...counts);
}
