// Words that may not come back: plain English has better ones. `npm run words` fails where a file has more of them than
// words.json lets it have; a file that is not listed there may have none.
//
//   npm run words              checks all files, and names each word that is too many
//   npm run words -- --update  lowers the figures of words.json to what there is now; it never raises one
//   npm run words -- FILE …    shows every word of some files
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { findWords } from './words/find.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const allowance = `${root}scripts/words/words.json`;

/** Where people read: sources with their comments and messages, pages, examples, and the tools' own files. */
const READ = /\.(ts|tsx|mts|js|mjs|cjs|md|css|html|ya?ml|json|proto|conf|txt|sh)$|^\.ci\/run$/;
/** Not ours, or made from what is ours, or the list itself. */
const LEFT_OUT =
  /(^|\/)(gen|dist|meta|\.data)\/|package-lock\.json$|^examples\/ecommerce\/proto\/google\/|^CODE_OF_CONDUCT\.md$|^scripts\/words|^test\/words\.test\.ts$/;

/** Every file of the project that people read, committed or not yet. */
function files() {
  const listed = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], { cwd: root });
  return listed
    .toString()
    .split('\0')
    .filter((path) => READ.test(path) && !LEFT_OUT.test(path) && existsSync(root + path))
    .sort();
}

const wordsOf = (path) => findWords(readFileSync(root + path, 'utf8'));
const show = (path, found) => {
  for (const { line, word, instead } of found) console.error(`${path}:${line} ${word}: ${instead}`);
};

const args = process.argv.slice(2);
if (args.length > 0 && args[0] !== '--update') {
  for (const path of args) show(path, wordsOf(path));
  process.exit(0);
}

const found = new Map(files().map((path) => [path, wordsOf(path)]));
const first = !existsSync(allowance);
const allowed = first ? {} : JSON.parse(readFileSync(allowance, 'utf8'));

if (args[0] === '--update') {
  const lowered = [...found]
    .map(([path, words]) => [path, first ? words.length : Math.min(words.length, allowed[path] ?? 0)])
    .filter(([, count]) => count > 0);
  writeFileSync(allowance, `${JSON.stringify(Object.fromEntries(lowered), null, 2)}\n`);
  const left = lowered.reduce((sum, [, count]) => sum + count, 0);
  console.log(`${left} words are left in ${lowered.length} files`);
} else {
  const worse = [...found].filter(([path, words]) => words.length > (allowed[path] ?? 0));
  for (const [path, words] of worse) {
    show(path, words);
    console.error(`✖ ${path} may have ${allowed[path] ?? 0} of these words, and has ${words.length}\n`);
  }
  process.exitCode = worse.length > 0 ? 1 : 0;
}
