// Builds what is older than its sources, so that `npm ci && npm start` is all it takes. Types of the library come with
// `npm run build`.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

/** In this order; each with its folder, what it is made of, a file that a build writes, and how it is built there. */
const BUILDS = [
  ['.', ['src', 'tsup.config.ts'], 'dist/index.cjs', 'npx tsup --no-dts --silent'],
  ['examples/ecommerce', ['src', 'tsup.config.ts'], 'dist/main.js', 'npx tsup'],
  [
    'examples/ecommerce',
    ['web/src', 'web/public', 'web/index.html', 'web/vite.config.ts'],
    'web/dist/index.html',
    'npm run --silent build:page',
  ],
];

for (const [folder, sources, built, command] of BUILDS) {
  const inFolder = (path) => join(root, folder, path);
  if (!existsSync(inFolder(sources[0]))) continue; // an installed package has no sources
  if (existsSync(inFolder(built)) && statSync(inFolder(built)).mtimeMs >= newest(sources.map(inFolder))) continue;
  const { status } = spawnSync(command, { cwd: inFolder('.'), shell: true, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}

/** When the last change was made to a file, or to one of those in a folder. */
function newest(paths) {
  return Math.max(...paths.flatMap(filesAt).map((file) => statSync(file).mtimeMs));
}

function filesAt(path) {
  if (statSync(path).isFile()) return [path];
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.name.endsWith('.test.ts'))
    .map((entry) => join(entry.parentPath, entry.name));
}
