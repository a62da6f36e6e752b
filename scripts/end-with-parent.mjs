import { spawn } from 'node:child_process';

/**
 * Runs a shell script when this process is gone, killed or not: then the pipe that the guard reads from is closed.
 *
 * @param {string} script What to run; `$1`, `$2` … are the values given.
 * @param {readonly string[]} values
 */
export function endWithParent(script, values) {
  const guard = spawn('/bin/sh', ['-c', `read -r _; ${script}`, 'sh', ...values], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  guard.on('error', () => undefined);
  guard.stdin.on('error', () => undefined).unref();
  guard.unref();
  return { cancel: () => guard.kill() };
}
