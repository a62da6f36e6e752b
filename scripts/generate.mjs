// Generates TypeScript from the .proto files of the library and of the shop, offline: buf, then ts-proto.
//
//   npm run generate              writes src/gen and examples/ecommerce/src/gen
//   npm run generate -- --check   fails when what is committed differs from what would be written
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const modules = ['.', 'examples/ecommerce'].filter((folder) => existsSync(join(root, folder, 'buf.gen.yaml')));
/** What buf is told, in this order, where a folder has it: the first clears what was generated before. */
const TEMPLATES = ['buf.gen.yaml', 'buf.gen.google.yaml'];
const OUTPUT = 'src/gen';

/** Runs buf in a folder; `base` is where its `out` folders are put. */
function generate(folder, base) {
  const bin = join(root, 'node_modules/.bin');
  for (const template of TEMPLATES.filter((each) => existsSync(join(root, folder, each)))) {
    const { status, error } = spawnSync(join(bin, 'buf'), ['generate', '--template', template, '--output', base], {
      cwd: join(root, folder),
      env: { ...process.env, PATH: `${bin}${delimiter}${process.env.PATH}` },
      stdio: 'inherit',
    });
    if (error) throw error;
    if (status !== 0) process.exit(status ?? 1);
  }
  if (folder === '.') useOwnWireTypes(base);
}

/** Leads the library's generated code to the wire runtime through `src/wire.ts`: ts-proto has no option for it. */
function useOwnWireTypes(base) {
  const output = resolve(root, base, OUTPUT);
  for (const [path, text] of filesOf(output)) {
    const wire = relative(dirname(join('gen', path)), 'wire.js');
    writeFileSync(join(output, path), text.replace('"@bufbuild/protobuf/wire"', `"${wire}"`));
  }
}

/** Every file below a folder: its relative path and its text. */
function filesOf(folder) {
  if (!existsSync(folder)) return new Map();
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = files.map((entry) => join(entry.parentPath, entry.name));
  return new Map(paths.map((path) => [path.slice(folder.length + 1), readFileSync(path, 'utf8')]));
}

/** The files that differ between what is committed and what the .proto files say now. */
function stale(folder) {
  const temporary = mkdtempSync(join(tmpdir(), 'generate-'));
  try {
    generate(folder, temporary);
    const fresh = filesOf(join(temporary, OUTPUT));
    const committed = filesOf(join(root, folder, OUTPUT));
    const names = new Set([...fresh.keys(), ...committed.keys()]);
    return [...names]
      .filter((name) => fresh.get(name) !== committed.get(name))
      .map((name) => join(folder, OUTPUT, name));
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

if (process.argv.includes('--check')) {
  const differing = modules.flatMap(stale);
  for (const path of differing) console.error(`${path} is not what its .proto file generates: run npm run generate`);
  process.exit(differing.length > 0 ? 1 : 0);
}
for (const folder of modules) generate(folder, '.');
