// node scripts/requirements.js
//
// Fills in which tests show each item of docs/requirements.md. An item is shown by a test file whose titles name it,
// such as `it('refuses a state used before (R-38, F-54)', …)`. Everything else in the document is written by hand.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { listSyntaxNodes } from './syntax.js';

const root = join(import.meta.dirname, '..');
const ID = /\b[CRFN]-\d{2,3}\b/g;
const ROW = /^\| (?<id>[CRFN]-\d{2,3}) \| (?<what>.*?) \| (?<shown>.*?) \| (?<remark>.*?) \|$/;

export const documentPath = join(root, 'docs', 'requirements.md');

/** Finds the test files that name each item. */
export function findShownBy() {
  const shownBy = new Map();
  for (const file of listTests()) {
    const ids = new Set(
      readStrings(readFileSync(join(root, file), 'utf8')).flatMap((text) => text.match(ID) ?? []),
    );
    for (const id of ids) shownBy.set(id, [...(shownBy.get(id) ?? []), file]);
  }
  return shownBy;
}

/** Returns the document with its third column written anew. */
export function fillIn(document, shownBy) {
  const rewrite = (line) => {
    const row = ROW.exec(line)?.groups;
    if (!row) return line;
    const files = (shownBy.get(row.id) ?? []).map((file) => `[${file.slice('test/'.length)}](../${file})`);
    return `| ${row.id} | ${row.what} | ${files.join(', ')} | ${row.remark} |`;
  };
  return document.split('\n').map(rewrite).join('\n');
}

/** Says what is wrong: items that nothing shows and no remark explains, ids that are there twice or not at all. */
export function findFaults(document, shownBy) {
  const rows = document.split('\n').flatMap((line) => ROW.exec(line)?.groups ?? []);
  const ids = rows.map(({ id }) => id);
  const unexplained = rows
    .filter(({ id, remark }) => !shownBy.has(id) && !/^(not applicable|later|by hand|see): ./.test(remark))
    .map(({ id }) => `${id} is shown by no test, and its remark gives no reason.`);
  const twice = ids.filter((id, index) => ids.indexOf(id) !== index).map((id) => `${id} is there twice.`);
  const unknown = [...shownBy]
    .filter(([id]) => !ids.includes(id))
    .map(([id, files]) => `${files.join(', ')}: there is no item ${id}.`);
  return [...unexplained, ...twice, ...unknown];
}

function listTests() {
  return readdirSync(join(root, 'test'), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.test.ts'))
    .map((path) => `test/${path}`)
    .sort();
}

/** Every string of a program. Titles are among them, also those in tables; comments are not. */
function readStrings(source) {
  return listSyntaxNodes(source).flatMap(({ type, value, raw }) => {
    if (type === 'StringLiteral') return [value];
    return type === 'TemplateElement' ? [raw] : [];
  });
}

if (process.argv[1] === import.meta.filename) {
  const shownBy = findShownBy();
  const document = fillIn(readFileSync(documentPath, 'utf8'), shownBy);
  writeFileSync(documentPath, document);
  const faults = findFaults(document, shownBy);
  for (const fault of faults) console.log(fault);
  process.exitCode = faults.length > 0 ? 1 : 0;
}
