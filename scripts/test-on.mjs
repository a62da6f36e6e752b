// Runs the library's tests on other versions of Node: `node scripts/test-on.mjs 22 24`. The shop and the benchmarks are
// left out, since they are programs, whose Node is chosen, and no library.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { nodeProgram } from './node-versions.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const others = ['examples/**', 'benchmarks/**'].flatMap((glob) => ['--exclude', glob]);
const vitest = ['node_modules/vitest/vitest.mjs', 'run', ...others];

for (const major of process.argv.slice(2).map(Number)) {
  const program = await nodeProgram(major);
  if (program === undefined || program === process.execPath) continue;
  console.log(`\nNode ${major}`);
  const { status } = spawnSync(program, vitest, { cwd: root, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}
