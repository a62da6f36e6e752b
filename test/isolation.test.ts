import { build, type Metafile } from 'esbuild';
import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { beforeAll, describe, expect, test } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
const folders = readdirSync(join(root, 'src')).filter(
  (name) => name !== 'core' && existsSync(join(root, 'src', name, 'index.ts')),
);

/** Packages that a path loads beside what all need. pino and prom-client are given to us, never loaded. */
const packages: Record<string, string[]> = {
  auth: ['jose', 'lru-cache'],
  overload: ['lru-cache'],
  postgres: ['lru-cache'],
  redis: ['lru-cache'],
  tracing: ['@opentelemetry/api'],
};

/** grpc-js, and the few functions of the protobuf runtime that encode the details of errors. */
const NEEDED_BY_ALL = ['@grpc/grpc-js', '@bufbuild/protobuf/wire'];

/** Folders whose code a path loads beside its own, `core` and generated code. */
const neighbours: Record<string, string[]> = {
  index: ['errors', 'promises'],
  testing: ['promises'],
  postgres: ['overload'],
  redis: ['overload'],
};

/** As the library is built: all paths at once, sharing what they share. */
let outputs: Metafile['outputs'];

beforeAll(async () => {
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: Object.fromEntries([
      ['index', 'src/index.ts'],
      ...folders.map((name) => [name, `src/${name}/index.ts`] as const),
    ]),
    outdir: 'dist',
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    packages: 'external',
    metafile: true,
    write: false,
  });
  ({ outputs } = metafile);
});

/** The output of a path, and all that it loads. */
function loaded(path: string, seen = new Set<string>()): Set<string> {
  if (seen.has(path)) return seen;
  seen.add(path);
  for (const { path: next, external } of outputs[path]!.imports) if (!external) loaded(next, seen);
  return seen;
}

describe.each(['index', ...folders])('%s', (name) => {
  const own = (): Metafile['outputs'][string][] => [...loaded(`dist/${name}.js`)].map((path) => outputs[path]!);

  test('brings no package along that it does not need', () => {
    const names = own().flatMap(({ imports }) =>
      imports.filter(({ external }) => external === true).map(({ path }) => path),
    );
    const strangers = new Set(names.filter((each) => !each.startsWith('node:') && !NEEDED_BY_ALL.includes(each)));
    expect([...strangers].sort()).toEqual(packages[name] ?? []);
  });

  test('brings no code of other features along', () => {
    const rooms = own().flatMap(({ inputs }) => Object.keys(inputs).map((file) => dirname(file).split('/')[1]));
    const others = new Set(rooms.filter((room) => room !== undefined && ![name, 'core', 'gen'].includes(room)));
    expect([...others].sort()).toEqual(neighbours[name] ?? []);
  });

  test('is under 34 KB, minified and gzipped', async () => {
    const { outputFiles } = await build({
      absWorkingDir: root,
      entryPoints: [name === 'index' ? 'src/index.ts' : `src/${name}/index.ts`],
      bundle: true,
      minify: true,
      format: 'esm',
      platform: 'node',
      packages: 'external',
      write: false,
    });
    expect(gzipSync(outputFiles[0]!.contents).byteLength).toBeLessThan(34 * 1024);
  });
});
