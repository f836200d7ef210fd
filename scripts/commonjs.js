// node scripts/commonjs.js
//
// Makes dist/commonjs/ out of dist/: the build that Jest's CommonJS gets from src/jest/resolver.cts, and nothing else
// loads. What is a module of its own kind alone is bundled with it; every other dependency stays outside.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { join } from 'node:path';
import { build } from 'esbuild';

const root = join(import.meta.dirname, '..');
const target = join(root, 'dist', 'commonjs');

/** Packages that CommonJS cannot load before Node 20.19, and Jest not before Node 24.9. */
const BUNDLED = ['openid-client', 'oauth4webapi', 'jose', 'leven'];

const { dependencies, peerDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const outside = Object.keys({ ...dependencies, ...peerDependencies }).filter(
  (name) => !BUNDLED.includes(name),
);

const { metafile } = await build({
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'cjs',
  external: [...outside, ...builtinModules],
  legalComments: 'none',
  minifyWhitespace: true,
  metafile: true,
  logLevel: 'error',
  outfile: join(target, 'all.cjs'),
  stdin: {
    // In one file, so that both know the same errors.
    contents: `export * as index from './index.js'; export * as testing from './testing/index.js';`,
    resolveDir: join(root, 'dist'),
  },
});
await build({
  absWorkingDir: root,
  entryPoints: [join(root, 'dist', 'client', 'auth-client.js')],
  format: 'cjs',
  outfile: join(target, 'client.cjs'),
});
for (const name of ['index', 'testing'])
  writeFileSync(join(target, `${name}.cjs`), `module.exports = require('./all.cjs').${name};\n`);
writeFileSync(join(target, 'LICENSES.txt'), collectLicenses(Object.keys(metafile.inputs)));

/** The licences of what is bundled ask to be told where its code is. */
function collectLicenses(inputs) {
  const found = inputs.flatMap(
    (path) => /^(?:.*\/)?node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1] ?? [],
  );
  const names = [...new Set(found)].sort();
  const unknown = names.filter((name) => !BUNDLED.includes(name));
  if (unknown.length > 0)
    throw new Error(`Bundled, and not in the list of scripts/commonjs.js: ${unknown.join(', ')}.`);
  const texts = names.map((name) => {
    const folder = join(root, 'node_modules', name);
    const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    const file = readdirSync(folder).find((each) => /^licen[cs]e/i.test(each));
    return `${name} ${version}\n\n${readFileSync(join(folder, file), 'utf8').trim()}\n`;
  });
  return `all.cjs holds code of the packages below.\n\n${texts.join('\n\n')}`;
}
