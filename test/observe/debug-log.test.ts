import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';

const PROGRAM = fileURLToPath(new URL('../support/debug-log-app.ts', import.meta.url));

interface Outcome {
  references: string[];
  pages: string[];
  script: { error: string; reference: string };
}

async function run(nodeDebug: string): Promise<{ lines: string[]; said: Outcome }> {
  const child = spawn(process.execPath, ['--import', 'tsx', PROGRAM], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NODE_OPTIONS: '', NODE_DEBUG: nodeDebug },
  });
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return { lines: err.split('\n').filter((line) => line.startsWith('CONNECT-AUTH')), said: JSON.parse(out) };
}

describe('NODE_DEBUG=connect-auth', () => {
  it('writes each fault under the reference that stands on its page, in its JSON, and that onError is told', async () => {
    const { lines, said } = await run('connect-auth');
    const { references, pages, script } = said;
    expect(new Set(references).size).toBe(3);
    expect(pages[0]).toContain(references[0]);
    expect(pages[1]).toContain(references[1]);
    expect(script).toEqual({ error: 'login_not_found', reference: references[2] });
    const faults = lines.filter((line) => line.includes(': fault '));
    expect(faults.map((line) => /reference=(\S+)/.exec(line)?.[1])).toEqual(references);
    expect(faults[0]).toContain('code=provider_unavailable');
    const refused = lines.filter((line) => line.includes(': login.refused '));
    expect(refused.map((line) => /code=(\S+)/.exec(line)?.[1])).toEqual([
      'provider_unavailable',
      'login_not_found',
      'login_not_found',
    ]);
    expect(
      lines.some((line) => line.includes(': provider.request provider=default endpoint=discovery')),
    ).toBe(true);
    expect(lines.join()).not.toMatch(/of-nobody|secret/);
  });

  it('is silent where nobody asks for it', async () => {
    const { lines, said } = await run('');
    expect([lines, said.references.length]).toEqual([[], 3]);
  });
});
