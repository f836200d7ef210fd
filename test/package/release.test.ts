import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { fillManifest, findGaps, readPublisher } from '../../scripts/publisher.js';
import { type ListeningServer, listen } from '../support/listen.ts';

const execute = promisify(execFile);
const root = join(import.meta.dirname, '..', '..');
const PUBLISHER = {
  author: 'Ada Lovelace <ada@engine.test>',
  homepage: 'https://engine.test/connect-auth',
  repository: 'https://code.engine.test/ada/connect-auth',
  bugs: 'https://code.engine.test/ada/connect-auth/issues',
};

describe('publisher.json', () => {
  it('names what is missing, each with what it is to be', () => {
    expect(findGaps(PUBLISHER)).toEqual([]);
    expect(findGaps({ ...PUBLISHER, author: '', bugs: 'http://code.engine.test' })).toEqual([
      expect.stringMatching(/^publisher\.json does not say author: a name, such as .*; it is ""\.$/),
      'publisher.json does not say bugs: an https address; it is "http://code.engine.test".',
    ]);
    expect(findGaps({ ...PUBLISHER, repository: 'https://code.test/your/package' })).toHaveLength(1);
    expect(findGaps({})).toHaveLength(4);
  });

  it('has the four fields that a manifest gets from it, and no other file has them', async () => {
    expect(Object.keys(readPublisher(root)).sort()).toEqual(Object.keys(PUBLISHER).sort());
    const manifest = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
    expect(Object.keys(manifest)).not.toEqual(expect.arrayContaining(['author']));
    expect(fillManifest({ name: 'a' }, PUBLISHER)).toEqual({
      name: 'a',
      author: PUBLISHER.author,
      homepage: PUBLISHER.homepage,
      repository: { type: 'git', url: 'git+https://code.engine.test/ada/connect-auth.git' },
      bugs: { url: PUBLISHER.bugs },
    });
  });
});

describe('npm run release', () => {
  let project: string;
  let registry: ListeningServer;
  const asked: string[] = [];
  beforeAll(async () => {
    registry = await listen((req, res) => {
      asked.push(`${req.method} ${req.url}`);
      res.writeHead(404, { 'content-type': 'application/json' }).end('{"error":"not found"}');
    });
    project = await mkdtemp(join(tmpdir(), 'release-test-'));
    await mkdir(join(project, 'scripts'));
    for (const name of ['release.js', 'publisher.js'])
      await cp(join(root, 'scripts', name), join(project, 'scripts', name));
  });
  afterAll(async () => {
    await registry.close();
    await rm(project, { recursive: true, force: true });
  });
  beforeEach(async () => {
    asked.length = 0;
    await rm(join(project, '.git'), { recursive: true, force: true });
    await write({ publisher: PUBLISHER, changelog: '# Changelog\n\n## 1.2.3 – 2027-01-31\n', tests: 'true' });
    await git('init', '--quiet', '--initial-branch', 'main');
    await commit();
  });

  const git = (...args: string[]) => execute('git', args, { cwd: project });
  const commit = async () => {
    await git('add', '.');
    await git(
      '-c',
      'user.name=a',
      '-c',
      'user.email=a@a.test',
      'commit',
      '--quiet',
      '--allow-empty',
      '-m',
      'a',
    );
  };

  const write = async ({ publisher, changelog, tests }: Record<string, unknown>) => {
    const manifest = {
      ...{ name: '@engine/package', version: '1.2.3', type: 'module', files: ['main.js'] },
      scripts: { test: tests, prepublishOnly: 'node scripts/release.js --instead-of-npm-publish' },
    };
    const files = { 'package.json': manifest, 'publisher.json': publisher, 'CHANGELOG.md': changelog };
    for (const [name, content] of Object.entries({ ...files, 'main.js': 'export {};' }))
      await writeFile(join(project, name), typeof content === 'string' ? content : JSON.stringify(content));
  };

  /** Runs a program there, with a registry on this machine. */
  const run = async (program: string, ...args: string[]) => {
    const env = {
      ...{ PATH: `${join(project, '.git', 'bin')}:${process.env.PATH}`, HOME: project },
      ...{ npm_config_registry: registry.origin, npm_config_cache: join(project, '.git', 'cache') },
      ...{ npm_config_update_notifier: 'false', PUBLISHED: join(project, '.git', 'published.json') },
      [`npm_config_//127.0.0.1:${registry.port}/:_authToken`]: 'of-no-use',
    };
    try {
      const { stdout, stderr } = await execute(program, args, { cwd: project, env });
      return { code: 0, output: stdout + stderr };
    } catch (error) {
      const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
      return { code, output: stdout + stderr };
    }
  };
  const release = (...args: string[]) => run(process.execPath, join('scripts', 'release.js'), ...args);

  it('names at once all that keeps a version from going out, and tests nothing then', async () => {
    await write({
      publisher: { ...PUBLISHER, author: '' },
      changelog: '## 1.2.3 – unreleased',
      tests: 'true',
    });
    const { code, output } = await release();
    expect(code).toBe(1);
    expect(output).toContain('publisher.json does not say author');
    expect(output).toContain('The working tree is not clean:\nM CHANGELOG.md\n M publisher.json');
    expect(output).toContain(
      'CHANGELOG.md must begin with "## 1.2.3 – " and the day, such as 2027-01-31; it begins with "## 1.2.3 – unreleased".',
    );
    expect(output).not.toContain('Testing');
  });

  it('refuses a version whose tag is on another commit', async () => {
    await git('tag', 'v1.2.3');
    await commit();
    expect(await release()).toEqual({
      code: 1,
      output: expect.stringContaining('The tag v1.2.3 is on another commit.'),
    });
  });

  it('refuses when a test fails', async () => {
    await write({ publisher: PUBLISHER, changelog: '## 1.2.3 – 2027-01-31', tests: 'exit 3' });
    await commit();
    const { code, output } = await release();
    expect(code).toBe(1);
    expect(output).toMatch(/Testing @engine\/package 1\.2\.3\.[\s\S]*Failed: npm test\n/);
    expect(asked).toEqual([]);
  });

  it('publishes nothing unless it is told to, and says what would be in it', async () => {
    const { code, output } = await release();
    expect(output).toContain('Not published: that needs --publish.');
    expect(output).toMatch(/main\.js[\s\S]*package\.json[\s\S]*total files: 2/);
    expect(code).toBe(0);
    expect(asked.filter((request) => !request.startsWith('GET '))).toEqual([]);
  });

  it('publishes with provenance, which there is in a public CI alone', async () => {
    const { code, output } = await release('--publish');
    expect(code).toBe(1);
    expect(output).toMatch(/provenance/i);
    expect(asked.filter((request) => !request.startsWith('GET '))).toEqual([]);
  });

  it('publishes the manifest with what publisher.json says', async () => {
    const { stdout: npm } = await execute('which', ['npm']);
    await mkdir(join(project, '.git', 'bin'));
    const publish = 'cp "$2/package.json" "$PUBLISHED"; echo "$*"';
    const program = `#!/bin/sh\nif [ "$1" = publish ]; then ${publish}; else exec ${npm.trim()} "$@"; fi\n`;
    await writeFile(join(project, '.git', 'bin', 'npm'), program, { mode: 0o755 });
    const { output } = await release('--publish');
    expect(output).toMatch(
      /publish \S+ --ignore-scripts --access public --provenance\nPublished 1\.2\.3\.\n$/,
    );
    const published = JSON.parse(await readFile(join(project, '.git', 'published.json'), 'utf8'));
    expect(published).toMatchObject({ name: '@engine/package', ...fillManifest({}, PUBLISHER) });
  });

  it('is what npm publish asks for', async () => {
    const { code, output } = await run('npm', 'publish');
    expect(code).not.toBe(0);
    expect(output).toContain('Use `npm run release`: it looks before it publishes.');
  });

  it('knows no other argument', async () => {
    expect((await release('--publsh')).output).toContain('Unknown: --publsh. Usage: npm run release');
  });
});
