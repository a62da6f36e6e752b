import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import ts from 'typescript';
import { expect, test } from 'vitest';

const src = join(import.meta.dirname, '../src');
const folders = readdirSync(src).filter((name) => name !== 'core' && existsSync(join(src, name, 'index.ts')));

/** What an `index.ts` lists, each name once; those of types alone are set apart by a word before them. */
const listed = (file: string): string[] => [...new Set(exportsOf(file))].sort();

function exportsOf(file: string): string[] {
  const source = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest);
  return source.statements.filter(ts.isExportDeclaration).flatMap((statement) => {
    const { exportClause, moduleSpecifier, isTypeOnly } = statement;
    if (exportClause !== undefined && ts.isNamedExports(exportClause)) {
      return exportClause.elements.map((each) => `${isTypeOnly || each.isTypeOnly ? 'type ' : ''}${each.name.text}`);
    }
    const next = (moduleSpecifier as ts.StringLiteral).text.replace(/\.js$/, '.ts');
    return exportsOf(join(dirname(file), next));
  });
}

// A name that goes or changes breaks somebody: `npx vitest run test/exports -u` says that it is meant, and so should the
// changelog.
test('what each path exports', async () => {
  const lists = ['grpc-js-middleware', ...folders.map((name) => `grpc-js-middleware/${name}`)].map((path) => {
    const names = listed(join(src, path.slice('grpc-js-middleware'.length), 'index.ts'));
    return [path, ...names.map((name) => `  ${name}`)].join('\n');
  });
  await expect(`${lists.join('\n\n')}\n`).toMatchFileSnapshot('exports.snapshot.txt');
});

test.each(['', ...folders])('/%s lists by name what it has at run time', async (folder) => {
  const names = listed(join(src, folder, 'index.ts')).filter((name) => !name.startsWith('type '));
  const exported = (await import(join(src, folder, 'index.ts'))) as Record<string, unknown>;
  expect(names).toEqual(Object.keys(exported).sort());
});
