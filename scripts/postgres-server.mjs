// A real PostgreSQL for scripts and tests: in a temporary folder of its own, on a free port.
import { execFileSync } from 'node:child_process';
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { endWithParent } from './end-with-parent.mjs';

/** The data is thrown away, so commits do not wait for the disk. */
const HASTE = '-c fsync=off -c synchronous_commit=off -c full_page_writes=off';

/**
 * Starts a server and waits until it answers.
 *
 * @param {{ durable?: boolean }} [options] `durable`: it waits for the disk at each commit, and is reached through its Unix socket.
 */
export async function startPostgres({ durable = false } = {}) {
  const programs = findPostgres();
  if (programs === undefined) {
    throw new Error('There is no PostgreSQL here: install it (apt-get install postgresql), or give DATABASE_URL.');
  }
  const folder = mkdtempSync(join(tmpdir(), 'postgres-'));
  const owner = ownerOf(folder);
  const call = (program, ...args) =>
    execFileSync(join(programs, program), args, { ...owner, cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] });
  const data = join(folder, 'data');
  const guard = endWithParent('kill -QUIT "$(head -n 1 "$1/postmaster.pid")"; sleep 1; rm -rf "$2"', [data, folder]);
  const stop = () => {
    guard.cancel();
    if (existsSync(join(data, 'postmaster.pid'))) call('pg_ctl', '--pgdata', data, '--mode', 'immediate', 'stop');
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const port = await freePort();
    call('initdb', '--pgdata', data, '--username', 'shop', '--auth', 'trust', '--encoding', 'UTF8', '--no-sync');
    const options = `-h 127.0.0.1 -p ${port} -k ${folder} ${durable ? '' : HASTE}`;
    const start = () =>
      call('pg_ctl', '--pgdata', data, '--log', join(folder, 'log'), '--options', options, '--wait', 'start');
    /** Ends all its processes at once, as a crash would; what is committed stays. */
    const kill = () => call('pg_ctl', '--pgdata', data, '--mode', 'immediate', 'stop');
    start();
    const where = durable ? `localhost:${port}/postgres?host=${folder}` : `127.0.0.1:${port}/postgres`;
    return { url: `postgres://shop@${where}`, start, kill, stop };
  } catch (error) {
    stop();
    throw error;
  }
}

/** Where PostgreSQL's programs are, or undefined. Debian keeps those of each version in a folder of its own, off the PATH. */
export function findPostgres() {
  const debian = '/usr/lib/postgresql';
  const versions = existsSync(debian) ? readdirSync(debian).sort((a, b) => Number(b) - Number(a)) : [];
  const folders = [...versions.map((version) => join(debian, version, 'bin')), ...process.env.PATH.split(':')];
  return folders.find((folder) => existsSync(join(folder, 'initdb')));
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
