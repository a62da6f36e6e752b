// The code of README and docs compiles against the library's sources and prints what the pages say it prints, and no
// link leads nowhere.
//
// The ```ts blocks of a page are one program, read from top to bottom: a block sees what those before it imported and
// declared, and may declare a name anew. What pages take for granted (a database, generated clients) is declared in
// docs/given.d.ts. A block that cannot be compiled says why: ```ts no-check: WHY. Blocks that embed.mjs writes are left
// to the compiler and the tests of the files that they come from.
//
// A ```ts run block stands on its own: it is run with the built library and prints the ```text block that follows it,
// in which … stands for anything.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { blocksOf } from './blocks.mjs';
import { brokenLinks } from './links.mjs';
import { moduleOf } from './module.mjs';
import { printedOtherwise } from './run.mjs';
import { pages } from './pages.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const texts = new Map(pages().map((path) => [path, readFileSync(`${root}${path}`, 'utf8')]));

function compile() {
  const { config } = ts.readConfigFile(`${root}tsconfig.json`, ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent({ ...config, files: [], include: [] }, ts.sys, root);
  const modules = new Map([...texts].map(([path, text]) => [`${root}${path}.ts`, moduleOf(text)]));
  const host = ts.createCompilerHost(options);
  const { readFile, fileExists } = host;
  host.fileExists = (name) => modules.has(name) || fileExists(name);
  host.readFile = (name) => modules.get(name) ?? readFile(name);

  const names = [`${root}docs/given.d.ts`, ...modules.keys()];
  const program = ts.createProgram(names, options, host);
  return names.flatMap((name) => {
    const file = program.getSourceFile(name);
    return [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)].map((diagnostic) => {
      const { line } = file.getLineAndCharacterOfPosition(diagnostic.start);
      const text = ts.flattenDiagnosticMessageText(diagnostic.messageText, '\n');
      return `${name.slice(root.length).replace(/\.md\.ts$/, '.md')}:${line + 1} ${text}`;
    });
  });
}

const blocks = [...texts].flatMap(([path, text]) => blocksOf(text).map((block) => ({ path, ...block })));
const problems = [
  ...compile(),
  ...(await printedOtherwise(blocks)),
  ...[...texts].flatMap(([path, text]) => brokenLinks(path, text)),
];
for (const problem of problems) console.error(problem);
process.exit(problems.length > 0 ? 1 : 0);
