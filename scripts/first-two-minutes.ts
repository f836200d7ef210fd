// npx tsx scripts/first-two-minutes.ts
//
// Does what README.md says, as somebody who has an empty folder and Node: installs the package, from the file that
// `npm pack` makes of it, pastes the program, and logs in with Chromium. Writes what happened, and at which second, to
// docs/first-two-minutes.md.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { openChromium } from '../test/support/chromium.ts';

const root = join(import.meta.dirname, '..');

export const documentPath = join(root, 'docs', 'first-two-minutes.md');

/** What happened. */
export interface Walkthrough {
  /** Lines, each with the second at which it happened. */
  readonly transcript: string;
  readonly seconds: number;
}

/** Does all of it, in folders that are removed afterwards. */
export async function walkThrough(): Promise<Walkthrough> {
  const scratch = await mkdtemp(join(tmpdir(), 'first-'));
  let program: ChildProcess | undefined;
  let browser: Browser | undefined;
  try {
    await runToEnd('npm', ['pack', '--silent', '--pack-destination', scratch], root);
    const [tarball = ''] = await readdir(scratch);
    // It is there before the clock begins, as the browser of a person is.
    browser = await openChromium({ backForwardCache: true });
    // Somebody may listen at 3000. The transcript calls it so all the same.
    const port = 20_000 + Math.floor(Math.random() * 12_000);

    const folder = join(scratch, 'shop');
    const { tell, lines, elapsed } = startTranscript(port);
    tell('$ mkdir shop && cd shop');
    await mkdir(folder);
    tell('$ npm install express-connect-auth express ioredis');
    const packages = [join(scratch, tarball), 'express', 'ioredis'];
    const installed = await runToEnd('npm', ['install', '--no-audit', '--no-fund', ...packages], folder);
    tell(...installed.split('\n').filter((line) => line.startsWith('added')));
    const readme = await readFile(join(root, 'README.md'), 'utf8');
    const code = /^```js \[app\.mjs\]\n([\s\S]*?)^```$/m.exec(readme)?.[1] ?? '';
    await writeFile(join(folder, 'app.mjs'), withPort(code, port));
    tell(`(pastes the ${code.trim().split('\n').length} lines of README.md into app.mjs)`);
    tell('$ node app.mjs');
    program = spawn(process.execPath, ['app.mjs'], { cwd: folder, env: { PATH: process.env.PATH } });
    tell(...(await waitForAddress(program)));

    await logIn(await browser.newPage(), `http://localhost:${port}`, tell);
    return { transcript: lines.join('\n'), seconds: elapsed() };
  } finally {
    await browser?.close();
    if (program && program.exitCode === null) {
      const ended = once(program, 'exit');
      program.kill();
      await ended;
    }
    await rm(scratch, { recursive: true, force: true });
  }
}

async function logIn(page: Page, address: string, tell: (...lines: string[]) => void): Promise<void> {
  await page.goto(address);
  tell(`(opens ${address} in a browser, and clicks “Who am I?”)`);
  await page.getByRole('link', { name: 'Who am I?' }).click();
  const buttons = await page.getByRole('button').all();
  const names = await Promise.all(
    buttons.map(async (button) => (await button.getAttribute('aria-label')) ?? button.textContent()),
  );
  tell(`the page of the provider: ${await page.getByRole('heading').textContent()}`);
  tell(`its buttons: ${names.join(', ')}`);
  tell('(clicks “Ada Lovelace”)');
  await page.getByRole('button', { name: 'Ada Lovelace' }).click();
  await page.waitForURL(`${address}/me`);
  tell(`${new URL(page.url()).pathname}: ${await page.evaluate(() => document.body.innerText)}`);
  await page.goto(address);
  tell('(goes back, and clicks “Sign out”)');
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.waitForURL(`${address}/`);
  await page.goto(`${address}/me`);
  tell(`/me again, the page of the provider: ${await page.getByRole('heading').textContent()}`);
}

function startTranscript(port: number) {
  const start = performance.now();
  const elapsed = () => (performance.now() - start) / 1000;
  const lines: string[] = [];
  const tell = (...told: string[]) => {
    for (const line of told)
      lines.push(
        `${elapsed().toFixed(1).padStart(5)} s  ${line.replaceAll(`localhost:${port}`, 'localhost:3000')}`,
      );
  };
  return { tell, lines, elapsed };
}

function withPort(code: string, port: number): string {
  return code.replaceAll('localhost:3000', `localhost:${port}`).replace('listen(3000', `listen(${port}`);
}

/** What the program has printed when it says where to go, without the number of its process. */
async function waitForAddress(program: ChildProcess): Promise<string[]> {
  let output = '';
  for (const stream of [program.stdout!, program.stderr!])
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  while (!/^Open \S+$/m.test(output)) {
    if (program.exitCode !== null) throw new Error(`The program ended by itself:\n${output}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return output
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('(Use `node'))
    .map((line) => line.replace(/^\(node:\d+\) /, ''));
}

async function runToEnd(command: string, args: readonly string[], cwd: string): Promise<string> {
  // Whoever runs this quietly wants to see here what a person sees.
  const env = { ...process.env, npm_config_loglevel: 'notice' };
  const child = spawn(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`${command} ${args[0]} failed:\n${output}`);
  return output;
}

/** The document with a transcript. */
export function writeDocument({ transcript, seconds }: Walkthrough): string {
  return `# From an empty folder to a login

Somebody has an empty folder, Node, and [README.md](../README.md). A script does what they would do, and wrote down at which second: \`npx tsx
scripts/first-two-minutes.ts\`. Installed was the file that \`npm pack\` makes of this repository; a machine with two cores, beside other work, and another port than 3000. What stands in
brackets a person does, everything else is printed or shown.

\`\`\`text
${transcript}
\`\`\`

From the first line to the last: ${Math.ceil(seconds)} seconds. What happened at each step is in [getting started](getting-started.md#try-it-without-a-provider).
`;
}

if (process.argv[1] === import.meta.filename)
  await writeFile(documentPath, writeDocument(await walkThrough()));
