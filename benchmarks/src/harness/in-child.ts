import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const TIMEOUT_MS = 120_000;

/** Runs a compiled module of the benchmarks in a process of its own; what it prints is JSON. Throws when it fails. */
export function inChild<T>(module: string, args: readonly string[], nodeFlags: readonly string[] = []): Promise<T> {
  const path = fileURLToPath(new URL(`../${module}.js`, import.meta.url));
  const flags = [...nodeFlags, path, ...args];
  return new Promise((resolve, reject) => {
    execFile(process.execPath, flags, { timeout: TIMEOUT_MS }, (error, stdout, stderr) => {
      if (error) reject(new Error(`${module} ${args.join(' ')} failed: ${error.message}\n${stderr}`));
      else resolve(JSON.parse(stdout) as T);
    });
  });
}
