// with-redis COMMAND …: runs a command that finds a Redis in REDIS_URL. One that is given already is used as it is;
// otherwise a server of its own is started in a temporary folder, and is gone when the command ends.
import { spawn } from 'node:child_process';
import { startRedis } from './redis-server.mjs';

const stopping = new AbortController();
process.on('SIGTERM', () => stopping.abort());
process.on('SIGINT', () => undefined); // the terminal signals the command itself

let server;
try {
  server = process.env.REDIS_URL ? undefined : await startRedis();
  process.exitCode = await run(process.argv.slice(2), server && { REDIS_URL: server.url });
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
} finally {
  await server?.stop();
}

/** The exit status of a command. Stopping this program stops the command, and then the server. */
function run([program, ...args], env) {
  const child = spawn(program, args, {
    stdio: 'inherit',
    env: { ...process.env, ...env },
    signal: stopping.signal,
  });
  return new Promise((resolve, reject) => {
    child.on('error', (error) => child.pid === undefined && reject(error)); // a running one reports its end by 'exit'
    child.on('exit', (code) => resolve(code ?? 1));
  });
}
