import { execFile, execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';

const folder = fileURLToPath(new URL('../examples/quickstart/', import.meta.url));
const logged: string[] = [];
let server: ChildProcess;
let port = '';

beforeAll(async () => {
  execFileSync(process.execPath, ['../../scripts/ensure-built.mjs'], { cwd: folder });
  server = spawn(process.execPath, ['server.mjs'], {
    cwd: folder,
    env: { ...process.env, PORT: '0' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines = createInterface(server.stdout!);
  port = await new Promise<string>((resolve) => {
    lines.on('line', (line) => {
      const listening = /^Listening on port (\d+)$/.exec(line);
      if (listening) resolve(listening[1]!);
      else logged.push(line);
    });
  });
});

afterAll(() => {
  server.kill();
});

test('the client of the quick start prints what the README shows', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, ['client.mjs'], {
    cwd: folder,
    env: { ...process.env, PORT: port },
  });

  expect(stdout).toBe(readFileSync(`${folder}client-prints.txt`, 'utf8'));
});

test('its server logs each call, and what it did not tell the client', async () => {
  await expect.poll(() => logged.length, { timeout: 5_000 }).toBe(3);

  const lines = logged.map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(lines.map((line) => [line['grpc.method'], line['grpc.code']])).toEqual([
    ['GetProduct', 'OK'],
    ['GetProduct', 'NotFound'],
    ['ListProducts', 'Internal'],
  ]);
  expect(lines[2]).toMatchObject({ error: { message: 'connect ECONNREFUSED 10.0.3.7:5432' } });
});
