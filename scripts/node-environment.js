import { AsyncLocalStorage } from 'node:async_hooks';
import { TestEnvironment } from 'jest-environment-node';

/**
 * Node's environment for a test file, which ends what the file began: Node keeps each AsyncLocalStorage that was once used,
 * and asks all of them at each promise. Jest and oidc-provider bring one per file; a worker that had run fifty files spent a
 * tenth of its time so.
 *
 * A default export, and a class, because Jest asks for both.
 */
export default class NodeEnvironment extends TestEnvironment {
  async teardown() {
    await super.teardown();
    for (const storage of used) storage.disable();
    used.clear();
  }
}

const used = new Set();
const { run } = AsyncLocalStorage.prototype;

AsyncLocalStorage.prototype.run = function noteAndRun(...given) {
  used.add(this);
  return run.apply(this, given);
};
