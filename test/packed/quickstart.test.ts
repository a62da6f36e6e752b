import { spawn } from 'node:child_process';
import { cp, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { folderOf, run } from './project.js';

const source = join(import.meta.dirname, '../../examples/quickstart');

test('the three files of the README print what it shows, with what it says to install', async () => {
  const folder = join(folderOf('complete'), 'quickstart');
  for (const file of ['shop.proto', 'server.mjs', 'client.mjs']) await cp(join(source, file), join(folder, file));

  const server = spawn(process.execPath, ['server.mjs'], { cwd: folder, env: { ...process.env, PORT: '0' } });
  const port = await new Promise<string>((resolve, reject) => {
    let printed = '';
    server.stdout.setEncoding('utf8').on('data', (text: string) => {
      const listening = /Listening on port (\d+)/.exec((printed += text));
      if (listening) resolve(listening[1]!);
    });
    server.once('exit', () => reject(new Error(`The server ended: ${printed}`)));
  });
  const client = await run(process.execPath, ['client.mjs'], folder, { PORT: port });
  server.kill();

  const shown = await readFile(join(source, 'client-prints.txt'), 'utf8');
  expect(client).toEqual({ status: 0, output: shown.trim() });
});
