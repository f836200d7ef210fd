import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The one file that says who publishes the package, and where it lives. */
export const PUBLISHER_FILE = 'publisher.json';

const PLACEHOLDER = /\b(example|placeholder|todo|your|someone)\b|[<>]/i;

export function readPublisher(root) {
  return JSON.parse(readFileSync(join(root, PUBLISHER_FILE), 'utf8'));
}

/** What is still missing in it, as sentences; an empty list when a release may go out. */
export function findGaps(publisher) {
  const { author } = publisher;
  const gaps = isFilled(author)
    ? []
    : [`author: a name, such as "Ada Lovelace <ada@…>"; it is ${show(author)}.`];
  for (const member of ['homepage', 'repository', 'bugs']) {
    if (!isFilled(publisher[member]) || !isWebAddress(publisher[member]))
      gaps.push(`${member}: an https address; it is ${show(publisher[member])}.`);
  }
  return gaps.map((gap) => `${PUBLISHER_FILE} does not say ${gap}`);
}

/** The package's manifest as it is published. */
export function fillManifest(manifest, { author, homepage, repository, bugs }) {
  const url = `git+${repository.replace(/(\.git)?\/?$/, '.git')}`;
  return { ...manifest, author, homepage, repository: { type: 'git', url }, bugs: { url: bugs } };
}

function isFilled(value) {
  return (
    typeof value === 'string' && value.trim() !== '' && !PLACEHOLDER.test(value.replace(/<\S+@\S+>$/, ''))
  );
}

function isWebAddress(value) {
  return URL.canParse(value) && new URL(value).protocol === 'https:';
}

function show(value) {
  return value === undefined ? 'not there' : JSON.stringify(value);
}
