// What has to hold for README and docs:
//
// - Their code compiles against the library's sources. The ```ts blocks of a page are one program, read from top to
//   bottom: a block sees what those before it imported and declared, and may declare a name anew. What pages take for
//   granted (a database, generated clients) is declared in docs/given.d.ts. A block that cannot be compiled says why:
//   ```ts no-check: WHY. Blocks that embed.mjs writes are left to the compiler and the tests of their files.
// - It prints what they say: a ```ts run block stands on its own, and prints the ```text block that follows it, in which …
//   stands for anything.
// - The page of an import path has the parts that all of them have, and names every option.
// - No link leads nowhere, of other Markdown neither; the README has under 250 lines.
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { blocksOf } from './blocks.mjs';
import { brokenLinks } from './links.mjs';
import { moduleOf } from './module.mjs';
import { otherMarkdown, pages } from './pages.mjs';
import { missingParts, unnamedOptions } from './parts.mjs';
import { printedOtherwise } from './run.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const read = (path) => [path, readFileSync(`${root}${path}`, 'utf8')];
const texts = new Map(pages().map(read));

const { config } = ts.readConfigFile(`${root}tsconfig.json`, ts.sys.readFile);
const { options } = ts.parseJsonConfigFileContent({ ...config, files: [], include: [] }, ts.sys, root);
const modules = new Map([...texts].map(([path, text]) => [`${root}${path}.ts`, moduleOf(text)]));
const host = ts.createCompilerHost(options);
const { readFile, fileExists } = host;
host.fileExists = (name) => modules.has(name) || fileExists(name);
host.readFile = (name) => modules.get(name) ?? readFile(name);
const checked = [`${root}docs/given.d.ts`, ...modules.keys()];
const program = ts.createProgram(checked, options, host);

function compileErrors(name) {
  const file = program.getSourceFile(name);
  return [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)].map((diagnostic) => {
    const { line } = file.getLineAndCharacterOfPosition(diagnostic.start);
    const text = ts.flattenDiagnosticMessageText(diagnostic.messageText, '\n');
    return `${name.slice(root.length).replace(/\.md\.ts$/, '.md')}:${line + 1} ${text}`;
  });
}

/** What is wrong with a page as the page of an import path, if it is one. */
function faultsOfFeature(path, text) {
  const index = `${root}src/${/^docs\/(\w+)\.md$/.exec(path)?.[1]}/index.ts`;
  return existsSync(index) ? [...missingParts(path, text), ...unnamedOptions(program, index, path, text)] : [];
}

const blocks = [...texts].flatMap(([path, text]) => blocksOf(text).map((block) => ({ path, ...block })));
const problems = [
  ...checked.flatMap(compileErrors),
  ...(await printedOtherwise(blocks)),
  ...[...texts].flatMap(([path, text]) => faultsOfFeature(path, text)),
  ...[...texts, ...otherMarkdown().map(read)].flatMap(([path, text]) => brokenLinks(path, text)),
  ...(texts.get('README.md').split('\n').length > 250 ? ['README.md has 250 lines or more'] : []),
];
for (const problem of problems) console.error(problem);
process.exit(problems.length > 0 ? 1 : 0);
