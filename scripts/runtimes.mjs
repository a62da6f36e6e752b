// Other runtimes than Node, from npm: packages that hold nothing but the program.
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { nodeProgram } from './node-versions.mjs';

const cache = fileURLToPath(new URL('../node_modules/.cache/runtimes', import.meta.url));

/** By name: the package for each platform, its program, and the arguments before that of a script. */
const RUNTIMES = {
  'Bun 1.4': {
    packages: {
      'linux-x64': '@oven/bun-linux-x64',
      'linux-arm64': '@oven/bun-linux-aarch64',
      'darwin-arm64': '@oven/bun-darwin-aarch64',
    },
    version: '1.4',
    program: 'bin/bun',
    args: [],
  },
  'Deno 2.9': {
    packages: {
      'linux-x64': '@deno/linux-x64-glibc',
      'linux-arm64': '@deno/linux-arm64-glibc',
      'darwin-arm64': '@deno/darwin-arm64',
    },
    version: '2.9',
    program: 'deno',
    args: ['run', '--allow-net', '--allow-env', '--allow-read', '--allow-sys', '--node-modules-dir=manual'],
  },
};

/** The runtimes that run the packed library beside the versions of Node that its tests run on. */
export const runtimeNames = ['Node 26', ...Object.keys(RUNTIMES)];

/** How to run a script there: a program and what goes before the script. None, with a word, where npm has none. */
export async function runtime(name) {
  if (name === 'Node 26') {
    const program = await nodeProgram(26);
    return program && { program, args: [] };
  }
  const { packages, version, program, args } = RUNTIMES[name];
  const wanted = packages[`${process.platform}-${process.arch}`];
  if (wanted === undefined) {
    console.warn(`${name} is skipped: npm has no program of it for ${process.platform}-${process.arch}`);
    return undefined;
  }
  const folder = join(cache, name.replace(' ', '-'));
  const path = join(folder, 'node_modules', wanted, program);
  if (!existsSync(path)) {
    const flags = ['--no-audit', '--no-fund', '--no-save', '--prefer-offline', '--ignore-scripts', '--prefix', folder];
    await promisify(execFile)('npm', ['install', ...flags, `${wanted}@${version}`]);
  }
  return { program: path, args };
}
