import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from '@jest/globals';
import { findProgram } from '../../scripts/programs.js';
import { createMetrics } from '../../src/observe/metrics.ts';
import { useApps, useScriptedProvider } from '../support/use-apps.ts';

const op = await useScriptedProvider();
const start = useApps();
const folder = join(import.meta.dirname, '..', '..', 'docs', 'monitoring');

/** Runs promtool, and returns what it says and its exit code. */
async function promtool(args: readonly string[], input = ''): Promise<{ code: number | null; said: string }> {
  const program = findProgram('promtool');
  if (program === undefined) throw new Error('promtool is missing: node scripts/set-up.js promtool');
  const child = spawn(program, args, { cwd: folder, stdio: 'pipe' });
  child.stdin.end(input);
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)]);
  const code =
    child.exitCode ?? (await new Promise<number | null>((resolve) => child.once('close', resolve)));
  return { code, said: out + err };
}

describe('promtool', () => {
  it('finds nothing wrong with the alert rules', async () => {
    expect(await promtool(['check', 'rules', 'alerts.yml'])).toMatchObject({ code: 0 });
  });

  it('sees each of them come when it must, and not before', async () => {
    expect(await promtool(['test', 'rules', 'alerts-test.yml'])).toMatchObject({ code: 0 });
  });

  it('reads the metrics of an application at work, and has no advice', async () => {
    const metrics = createMetrics();
    const app = await start({ op });
    const browser = app.browser();
    await app.logIn(browser);
    await browser.post('/logout');
    await app.logIn(app.browser(), { cancel: true });
    expect(await promtool(['check', 'metrics'], metrics.text())).toEqual({ code: 0, said: '' });
    metrics.stop();
  });
});
