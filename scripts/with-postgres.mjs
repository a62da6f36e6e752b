// with-postgres [--durable] COMMAND …: runs a command that finds a PostgreSQL in DATABASE_URL. One that is given already is
// used as it is; otherwise a server of its own is started in a temporary folder, and is gone when the command ends.
// --durable is for measurements: a server that waits for the disk at each commit, as those do whose data somebody wants to
// keep, and is reached through its Unix socket, as one on the same machine is.
import { spawn } from 'node:child_process';
import { startPostgres } from './postgres-server.mjs';

const durable = process.argv[2] === '--durable';
const command = process.argv.slice(durable ? 3 : 2);

const stopping = new AbortController();
process.on('SIGTERM', () => stopping.abort());
process.on('SIGINT', () => undefined); // the terminal tells the command itself

let server;
try {
  server = process.env.DATABASE_URL ? undefined : await startPostgres({ durable });
  process.exitCode = await run(command, server && { DATABASE_URL: server.url });
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
} finally {
  server?.stop();
}

/** The exit status of a command. Whoever stops this program stops the command, and then the server. */
function run([program, ...args], env) {
  const child = spawn(program, args, {
    stdio: 'inherit',
    env: { ...process.env, ...env },
    signal: stopping.signal,
  });
  return new Promise((resolve, reject) => {
    child.on('error', (error) => child.pid === undefined && reject(error)); // one that runs will tell how it ends
    child.on('exit', (code) => resolve(code ?? 1));
  });
}
