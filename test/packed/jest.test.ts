import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import manifest from '../../package.json' with { type: 'json' };
import { folderOf, run } from './project.js';

const PATHS = Object.keys(manifest.exports)
  .filter((path) => path !== './package.json')
  .map((path) => path.slice(1));

/** A test as people write them for Jest, CommonJS and without any configuration. */
const SOURCE = `
const { EchoRequest, startTestServer } = require('grpc-js-middleware/testing');
const { loggingServerInterceptor } = require('grpc-js-middleware/logging');
const { errorServerInterceptor } = require('grpc-js-middleware');
const { readFile } = require('node:fs/promises');

test.each(${JSON.stringify(PATHS)})('grpc-js-middleware%s loads', (path) => {
  expect(Object.keys(require('grpc-js-middleware' + path)).length).toBeGreaterThan(0);
});

test('an error of Node is logged as the error that it is', async () => {
  const lines = [];
  const note = (fields) => lines.push(fields);
  const server = await startTestServer({
    interceptors: [
      loggingServerInterceptor({ logger: { debug: note, info: note, warn: note, error: note } }),
      errorServerInterceptor(),
    ],
    handlers: { echo: () => readFile('/does/not/exist') },
  });
  await expect(server.client.echo(EchoRequest.create())).rejects.toMatchObject({ details: 'Internal error' });
  await server.events.until({ side: 'server', hook: 'onEnd' });
  expect(lines[0].error).toMatchObject({ type: 'Error', code: 'ENOENT', message: expect.stringContaining('ENOENT') });
  await server.close();
});
`;

test('a project of Jest loads every path in CommonJS, without any configuration', { timeout: 300_000 }, async () => {
  const folder = join(folderOf('complete'), 'jest');
  await mkdir(folder);
  await writeFile(join(folder, 'package.json'), '{ "private": true }');
  await writeFile(join(folder, 'a.test.js'), SOURCE);
  const flags = ['--no-audit', '--no-fund', '--prefer-offline', '--ignore-scripts'];
  await promisify(execFile)('npm', ['install', ...flags, 'jest@30'], { cwd: folder });
  const outcome = await run('npx', ['--no-install', 'jest'], folder);
  expect(outcome.output).toContain(`${PATHS.length + 1} passed, ${PATHS.length + 1} total`);
  expect(outcome.status).toBe(0);
});
