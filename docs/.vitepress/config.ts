import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { defineConfig } from 'vitepress';

const root = join(import.meta.dirname, '..', '..');
const { description } = readJson('package.json');
/** Where the repository is; `undefined` until publisher.json says. */
const forge = readJson('publisher.json').repository?.replace(/^git\+|\.git$/g, '') || undefined;

/** The pages in the order in which people need them. Those that are not there (yet) are left out, and others come last. */
const GROUPS: readonly (readonly [title: string, pages: readonly string[]])[] = [
  ['Begin', ['getting-started', 'first-two-minutes', 'providers', 'several-providers', 'connect-systems']],
  [
    'Use',
    [
      'protect',
      'users',
      'tokens',
      'apis',
      'strict',
      'logout',
      'sessions',
      'front-ends',
      'sockets',
      'pages',
      'testing',
    ],
  ],
  [
    'Run',
    [
      'operating',
      'doctor',
      'observability',
      'faults',
      'security',
      'protected-answers',
      'browser-based-apps',
      'troubleshooting',
      'errors',
      'upgrading',
    ],
  ],
  ['Come from', listPages('migrating')],
  ['Look up', ['options', 'api', 'compatibility']],
  [
    'Inside',
    [
      'architecture',
      'requirements',
      'conformance',
      'mutants',
      '../README',
      '../SECURITY',
      '../CONTRIBUTING',
      '../CODE_OF_CONDUCT',
      '../CHANGELOG',
    ],
  ],
  ['Decisions', listPages('decisions')],
];

export default defineConfig({
  title: 'express-connect-auth',
  description,
  // The pages of the repository's root belong to the site as well.
  srcDir: '..',
  srcExclude: ['{src,test,bench,example-app,examples,scripts,node_modules,.github,dist}/**'],
  rewrites: { 'docs/index.md': 'index.md' },
  cacheDir: 'node_modules/.cache/vitepress',
  outDir: '.vitepress/dist',
  cleanUrls: false,
  lastUpdated: false,
  themeConfig: {
    search: {
      provider: 'local',
      // What is about the making of it is found by the sidebar.
      options: {
        _render: (text, env, md) =>
          /^docs\/(decisions\/|requirements|conformance|mutants)/.test(env.relativePath)
            ? ''
            : md.render(text, env),
      },
    },
    outline: { level: [2, 3] },
    nav: [
      { text: 'Get started', link: '/docs/getting-started' },
      { text: 'Providers', link: '/docs/providers' },
      { text: 'Options', link: '/docs/options' },
      { text: 'Troubleshooting', link: '/docs/troubleshooting' },
    ],
    sidebar: writeSidebar(),
    ...(forge && { socialLinks: [{ icon: 'github', link: forge }] }),
  },
  markdown: {
    // As forges make anchors, so that links work in both places.
    anchor: { slugify },
    config: (md) => {
      const render =
        md.renderer.rules.link_open ??
        ((tokens, index, options, _env, self) => self.renderToken(tokens, index, options));
      md.renderer.rules.link_open = (tokens, index, options, env, self) => {
        const token = tokens[index]!;
        const target = findOutside(token.attrGet('href') ?? '', env.relativePath);
        // Without a forge there is nowhere to lead to, and words are no link.
        if (target !== undefined) token.attrs = forge ? [['href', `${forge}/blob/main/${target}`]] : null;
        return render(tokens, index, options, env, self);
      };
    },
  },
});

function readJson(file: string): Record<string, string | undefined> {
  return JSON.parse(readFileSync(join(root, file), 'utf8'));
}

function slugify(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');
}

/** The path of a file of the repository that is no page; `undefined` for everything else. */
function findOutside(href: string, page: string): string | undefined {
  if (/^([a-z]+:|\/|#)/.test(href) || /\.md(#|$)/.test(href)) return undefined;
  return normalize(join(dirname(page), href.split('#')[0]!));
}

function listPages(folder: string): string[] {
  return readdirSync(join(root, 'docs', folder))
    .filter((file) => file.endsWith('.md'))
    .map((file) => `${folder}/${file.slice(0, -3)}`);
}

function writeSidebar() {
  const listed = GROUPS.flatMap(([, pages]) => pages);
  const others = readdirSync(join(root, 'docs'))
    .filter((file) => file.endsWith('.md') && file !== 'index.md')
    .map((file) => file.slice(0, -3))
    .filter((page) => !listed.includes(page));
  const groups = others.length > 0 ? [...GROUPS, ['More', others] as const] : GROUPS;
  return groups.map(([text, pages]) => ({
    text,
    collapsed: text === 'Decisions' || text === 'Inside',
    items: pages
      .map((page) => normalize(join('docs', page)))
      .filter((page) => existsSync(join(root, `${page}.md`)))
      .map((page) => ({ text: readTitle(page), link: `/${page}` })),
  }));
}

function readTitle(page: string): string {
  return /^# (.*)$/m.exec(readFileSync(join(root, `${page}.md`), 'utf8'))?.[1] ?? page;
}
