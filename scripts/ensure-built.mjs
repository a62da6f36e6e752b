// Builds the library's JavaScript when a source is newer than the last build, so that `npm ci && npm start` is all it
// takes. Types come with `npm run build`.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const built = join(root, 'dist/index.cjs');

function newest(folder) {
  return Math.max(
    ...readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && !entry.name.endsWith('.test.ts'))
      .map((entry) => statSync(join(entry.parentPath, entry.name)).mtimeMs),
  );
}

if (!existsSync(join(root, 'src/index.ts'))) process.exit(0);
if (!existsSync(built) || statSync(built).mtimeMs < newest('src')) {
  const { status } = spawnSync('npx', ['tsup', '--no-dts', '--silent'], { cwd: root, stdio: 'inherit' });
  process.exit(status ?? 1);
}
