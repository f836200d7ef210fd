import { mkdtemp, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';

const root = join(import.meta.dirname, '..', '..');

/** A program that many processes are started from, quickly. */
export interface FleetBundle {
  readonly program: string;
  remove(): Promise<void>;
}

/** A change of one source file, by its path below `src/`: for a version of this library that is not there yet. */
export type SourceEdits = Readonly<Record<string, (source: string) => string>>;

/** Bundles `fleet-app.ts` with the sources as they are, or as they are edited. */
export async function bundleFleetApp(edits: SourceEdits = {}): Promise<FleetBundle> {
  const folder = await mkdtemp(join(tmpdir(), 'fleet-'));
  await symlink(join(root, 'node_modules'), join(folder, 'node_modules'));
  const program = join(folder, 'app.mjs');
  const untouched = new Set(Object.keys(edits));
  await build({
    ...{ entryPoints: [join(import.meta.dirname, 'fleet-app.ts')], outfile: program },
    ...{ bundle: true, format: 'esm', platform: 'node', target: 'node20', packages: 'external' },
    tsconfigRaw: {},
    plugins: [
      {
        name: 'edits',
        setup: ({ onLoad }) => {
          for (const [path, edit] of Object.entries(edits)) {
            onLoad({ filter: new RegExp(`/src/${path.replaceAll('.', '\\.')}$`) }, async (file) => {
              const source = await readFile(file.path, 'utf8');
              const edited = edit(source);
              if (edited !== source) untouched.delete(path);
              return { contents: edited, loader: 'ts' };
            });
          }
        },
      },
    ],
  });
  if (untouched.size > 0) throw new Error(`Not edited: ${[...untouched].join(', ')}.`);
  return { program, remove: () => rm(folder, { recursive: true, force: true }) };
}
