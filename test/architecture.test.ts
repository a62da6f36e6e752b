import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
const read = (path: string): string => readFileSync(join(root, path), 'utf8');

const folders = readdirSync(join(root, 'src'), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map((entry) => entry.name);
const features = folders.filter((name) => name !== 'core' && name !== 'gen');
/** Folders that put features and another package together: they import features, and features do not import them. */
const integrations = ['redis', 'postgres'];
const sources = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts') && !path.startsWith('gen'))
  .map((path) => join('src', path));

/** Tests and their set-ups, which may use whatever they like. */
const isTest = (path: string): boolean => /\.(test|test-d)\.ts$/.test(path) || path.includes('/fixtures/');

/** The files of src that a file imports, types included. */
function importedFiles(path: string): string[] {
  const imports = read(path).matchAll(/(?:from|import)\s*\(?\s*['"](\.{1,2}\/[^'"]+)\.js['"]/g);
  return [...imports].map(([, specifier]) => `${normalize(join(dirname(path), specifier!))}.ts`);
}

/** Which top-level folder of src/ each import of a file leads to. */
function importedFolders(path: string): { folder: string; specifier: string }[] {
  const imports = read(path).matchAll(/(?:from|import)\s*\(?\s*'(\.{1,2}\/[^']+)'/g);
  return [...imports].map(([, specifier]) => ({
    specifier: specifier!,
    folder: normalize(join(dirname(path), specifier!)).split('/')[1]!,
  }));
}

/** Each circle of imports once, as the files along it. */
function circlesAmong(imports: ReadonlyMap<string, readonly string[]>): string[] {
  const circles: string[] = [];
  const done = new Set<string>();
  const way: string[] = [];
  const walk = (path: string): void => {
    const at = way.indexOf(path);
    if (at >= 0) circles.push([...way.slice(at), path].join(' → '));
    if (at >= 0 || done.has(path)) return;
    way.push(path);
    for (const next of imports.get(path) ?? []) walk(next);
    way.pop();
    done.add(path);
  };
  for (const path of imports.keys()) walk(path);
  return circles;
}

describe('the house', () => {
  test.each(features)('%s looks inward only: at core, generated code and itself', (feature) => {
    const own = sources.filter((path) => path.startsWith(`src/${feature}/`) && !isTest(path));
    const others = features.filter((each) => !integrations.includes(each));
    const allowed = [
      ...['core', 'gen', feature],
      ...(feature === 'testing' ? ['promises'] : []),
      ...(integrations.includes(feature) ? others : []),
    ];
    const strangers = own.flatMap((path) =>
      importedFolders(path)
        .filter(({ folder }) => !allowed.includes(folder))
        .map(({ specifier }) => `${path} imports ${specifier}`),
    );
    expect(strangers).toEqual([]);
  });

  test('no file of src imports itself through others, generated code and types included', () => {
    const generated = readdirSync(join(root, 'src/gen'), { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.ts'))
      .map((path) => join('src/gen', path));
    const files = [...sources, ...generated].filter((path) => !isTest(path));
    expect(circlesAmong(new Map(files.map((path) => [path, importedFiles(path)])))).toEqual([]);
  });

  test.each([
    ['status', /^src\/core\/(?!status\/|base\/)/],
    ['base', /^src\/core\/(?!base\/)/],
    ['pass', /^src\/core\/(server|client)\//],
    ['server', /^src\/core\/client\//],
    ['client', /^src\/core\/server\//],
  ])('core/%s imports only the rooms below it', (room, above) => {
    const strangers = sources
      .filter((path) => path.startsWith(`src/core/${room}/`) && !isTest(path))
      .flatMap((path) => importedFiles(path).map((imported) => ({ path, imported })))
      .filter(({ imported }) => above.test(imported))
      .map(({ path, imported }) => `${path} imports ${imported}`);
    expect(strangers).toEqual([]);
  });

  test('core knows no feature', () => {
    const strangers = sources
      .filter((path) => path.startsWith('src/core/') && !isTest(path))
      .flatMap((path) => importedFolders(path).map(({ folder }) => folder))
      .filter((folder) => features.includes(folder));
    expect(strangers).toEqual([]);
  });

  test('folder = import path = page in docs = row in the README', () => {
    const manifest = JSON.parse(read('package.json')) as { exports: Record<string, unknown> };
    const subpaths = Object.keys(manifest.exports)
      .filter((path) => path !== '.' && path !== './package.json')
      .map((path) => path.slice(2));
    const pages = readdirSync(join(root, 'docs')).map((name) => name.replace(/\.md$/, ''));
    const rows = [...read('README.md').matchAll(/^\| \[`\/(\w+)`\]\(docs\/(\w+)\.md\)/gm)].map(([, name]) => name);
    expect(subpaths.toSorted()).toEqual(features.toSorted());
    expect(rows.toSorted()).toEqual(features.toSorted());
    expect(features.filter((name) => !pages.includes(name))).toEqual([]);
  });

  test('only core and retry touch the calls of grpc-js', () => {
    const touching = sources
      .filter((path) => !path.startsWith('src/core/') && !path.startsWith('src/retry/') && !isTest(path))
      .filter((path) => /\b(ServerInterceptingCall|InterceptingCall)\b/.test(read(path)));
    expect(touching).toEqual([]);
  });

  test('every warning is explained on its page', () => {
    const codes = sources
      .filter((path) => !isTest(path))
      .flatMap((path) => [...read(path).matchAll(/'(GRPC_JS_MIDDLEWARE_\w+)'/g)].map(([, code]) => code));
    const explained = [...read('docs/warnings.md').matchAll(/^\| `(GRPC_JS_MIDDLEWARE_\w+)`/gm)].map(
      ([, code]) => code,
    );
    expect(explained.toSorted()).toEqual([...new Set(codes)].toSorted());
  });
});
