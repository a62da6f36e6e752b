// Real Redis servers for scripts and tests: each in a temporary folder of its own, on a free port, ended by its process id.
import { spawn } from 'node:child_process';
import { accessSync, constants, mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { endWithParent } from './end-with-parent.mjs';

/** Valkey speaks the same protocol and takes the same options: its server is used where Redis is not installed. */
const PROGRAMS = ['redis-server', 'valkey-server'];

/** The path of a Redis or Valkey server, or undefined where none is installed. */
export function findRedis() {
  const folders = (process.env.PATH ?? '').split(delimiter);
  return PROGRAMS.flatMap((name) => folders.map((folder) => join(folder, name))).find(isProgram);
}

/**
 * Starts a server and waits until it answers.
 *
 * @param {readonly string[]} options Further options, as on the command line: `['--requirepass', 'secret']`.
 * @param {number} [port] A free one unless given.
 */
export async function startRedis(options = [], port = undefined) {
  const program = findRedis();
  if (program === undefined) throw new Error('Redis is not installed: apt-get install redis-server');
  const folder = mkdtempSync(join(tmpdir(), 'redis-'));
  const server = { port: port ?? (await freePort()), child: undefined, guard: undefined };
  const start = async () => {
    const own = ['--port', String(server.port), '--bind', '127.0.0.1', '--dir', folder];
    const child = spawn(program, [...own, '--save', '', '--appendonly', 'no', ...options], { stdio: 'ignore' });
    server.child = child;
    server.guard?.cancel();
    server.guard = endWithParent('kill -9 "$1"; rm -rf "$2"', [String(child.pid), folder]);
    await untilListening(child, server.port);
  };
  const kill = (signal = 'SIGKILL') => ended(server.child, signal);
  await start();
  return {
    port: server.port,
    url: `redis://127.0.0.1:${server.port}`,
    /** Ends the server as a crash would. */
    kill,
    /** Freezes the server: connections stay open, and nothing is answered. */
    pause: () => server.child.kill('SIGSTOP'),
    /** Lets a frozen server go on. */
    resume: () => server.child.kill('SIGCONT'),
    /** Starts it again on the same port, without the data it had. */
    start,
    /** Ends the server and removes its folder. */
    stop: async () => {
      await kill();
      server.guard.cancel();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function isProgram(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function ended(child, signal) {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    child.once('exit', () => resolve());
    child.kill(signal);
  });
}

/** Resolves once the server accepts connections; rejects when its process ends before. */
async function untilListening(child, port) {
  while (!(await accepts(port))) {
    if (child.exitCode !== null || child.signalCode !== null) throw new Error(`Redis did not start on port ${port}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function accepts(port) {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const settle = (accepted) => {
      socket.destroy();
      resolve(accepted);
    };
    socket.once('connect', () => settle(true)).once('error', () => settle(false));
  });
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
