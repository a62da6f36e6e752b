// with-postgres [--durable] COMMAND …: runs a command that finds a PostgreSQL in DATABASE_URL. One that is given already is
// used as it is; otherwise a server of its own is started in a temporary folder, and is gone when the command ends.
// --durable is for measurements: a server that waits for the disk at each commit, as those do whose data somebody wants to
// keep, and is reached through its Unix socket, as one on the same machine is.
import { execFileSync, spawn } from 'node:child_process';
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const durable = process.argv[2] === '--durable';
const command = process.argv.slice(durable ? 3 : 2);
/** Nobody wants the data back, so nobody waits for the disk. */
const HASTE = '-c fsync=off -c synchronous_commit=off -c full_page_writes=off';

const stopping = new AbortController();
process.on('SIGTERM', () => stopping.abort());
process.on('SIGINT', () => undefined); // the terminal tells the command itself

let server;
try {
  server = process.env.DATABASE_URL ? undefined : await startServer();
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

async function startServer() {
  const programs = findPrograms();
  const folder = mkdtempSync(join(tmpdir(), 'shop-postgres-'));
  const owner = ownerOf(folder);
  const call = (program, ...args) =>
    execFileSync(join(programs, program), args, { ...owner, cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] });
  const data = join(folder, 'data');
  const stop = () => {
    if (existsSync(join(data, 'postmaster.pid'))) call('pg_ctl', '--pgdata', data, '--mode', 'immediate', 'stop');
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const port = await freePort();
    call('initdb', '--pgdata', data, '--username', 'shop', '--auth', 'trust', '--encoding', 'UTF8', '--no-sync');
    const options = `-h 127.0.0.1 -p ${port} -k ${folder} ${durable ? '' : HASTE}`;
    call('pg_ctl', '--pgdata', data, '--log', join(folder, 'log'), '--options', options, '--wait', 'start');
    const where = durable ? `localhost:${port}/postgres?host=${folder}` : `127.0.0.1:${port}/postgres`;
    return { url: `postgres://shop@${where}`, stop };
  } catch (error) {
    stop();
    throw error;
  }
}

/** Where PostgreSQL's programs are. Debian keeps those of each version in a folder of its own, off the PATH. */
function findPrograms() {
  const debian = '/usr/lib/postgresql';
  const versions = existsSync(debian) ? readdirSync(debian).sort((a, b) => Number(b) - Number(a)) : [];
  const folders = [...versions.map((version) => join(debian, version, 'bin')), ...process.env.PATH.split(':')];
  const found = folders.find((folder) => existsSync(join(folder, 'initdb')));
  if (found !== undefined) return found;
  throw new Error('There is no PostgreSQL here: install it (apt-get install postgresql), or give DATABASE_URL.');
}

/** PostgreSQL refuses to run as root: it runs as the user that its package has made then. */
function ownerOf(folder) {
  if (process.getuid() !== 0) return {};
  const [uid, gid] = ['-u', '-g'].map((which) => Number(execFileSync('id', [which, 'postgres'], { encoding: 'utf8' })));
  chownSync(folder, uid, gid);
  return { uid, gid };
}

function freePort() {
  return new Promise((resolve, reject) => {
    const probe = createServer().on('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}
