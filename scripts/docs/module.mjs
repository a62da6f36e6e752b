import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { blocksOf } from './blocks.mjs';

/** Where the files are that pages import from './'. */
const examples = fileURLToPath(new URL('../../docs/examples/', import.meta.url));

/**
 * A page as a module in which each line of code keeps its number. Every block stands in a scope within that of the block
 * before it; imports, which are allowed at the top only, go to the end, from where they are hoisted.
 */
export function moduleOf(page) {
  const lines = page.split('\n').map(() => '');
  const imports = new Map();
  const blocks = blocksOf(page).filter(isChecked);
  blocks.forEach(({ line, code }, index) => {
    lines[line - 1] = index === 0 ? 'void async function () {' : '{';
    lines.splice(line, code.split('\n').length, ...withoutImports(code, imports).split('\n'));
  });
  return [...lines, `${'}'.repeat(blocks.length)};`, ...imports.values(), 'export {};'].join('\n');
}

const isChecked = ({ language, note, embedded }) => language === 'ts' && !embedded && !/^no-check: \S/.test(note);

/** The code of a block with its imports and `export` keywords blanked; adds the imports to those of the page. */
function withoutImports(code, imports) {
  const source = ts.createSourceFile('block.ts', code, ts.ScriptTarget.Latest);
  const blanked = source.statements.flatMap((statement) => {
    if (!ts.isImportDeclaration(statement)) {
      return (statement.modifiers ?? []).filter(({ kind }) => kind === ts.SyntaxKind.ExportKeyword);
    }
    for (const [name, text] of importsOf(statement, source)) if (!imports.has(name)) imports.set(name, text);
    return [statement];
  });
  let text = code;
  for (const node of blanked) {
    const start = node.getStart(source);
    text = text.slice(0, start) + text.slice(start, node.end).replace(/[^\n]/g, ' ') + text.slice(node.end);
  }
  return text;
}

/** An import as one statement per name, by name, so that several blocks may import the same name. */
function importsOf({ importClause, moduleSpecifier }, source) {
  const from = `'${moduleSpecifier.text.replace(/^\.\//, examples)}'`;
  const named = importClause?.namedBindings;
  const whole = importClause?.getText(source);
  if (!named || !ts.isNamedImports(named)) return [[whole, `import ${whole} from ${from};`]];
  const keyword = importClause.isTypeOnly ? 'import type' : 'import';
  return named.elements.map((each) => [each.name.text, `${keyword} { ${each.getText(source)} } from ${from};`]);
}
