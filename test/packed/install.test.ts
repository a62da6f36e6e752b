import { createRequire } from 'node:module';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type * as Health from 'grpc-js-middleware/health';
import type * as Testing from 'grpc-js-middleware/testing';
import { copySources, folderOf, run } from './project.js';

test('without the optional packages every path loads but /tracing, which names what it misses', async () => {
  const folder = await copySources('alone', 'paths');
  const { output } = await run(process.execPath, ['paths.mjs'], join(folder, 'esm'));
  expect(output.split('\n')).toEqual([
    expect.stringMatching(/^import grpc-js-middleware\/tracing: Cannot find package '@opentelemetry\/api'/),
    expect.stringMatching(/^require grpc-js-middleware\/tracing: Cannot find module '@opentelemetry\/api'/),
  ]);
});

test('with them every path loads', async () => {
  const folder = await copySources('complete', 'paths');
  expect(await run(process.execPath, ['paths.mjs'], join(folder, 'esm'))).toEqual({ status: 0, output: '' });
});

test('the command is installed, and asks a server for its health', async () => {
  const installed = createRequire(join(folderOf('alone'), 'package.json'));
  const { HealthService } = installed('grpc-js-middleware/health') as typeof Health;
  const { startTestServer } = installed('grpc-js-middleware/testing') as typeof Testing;
  const health = new HealthService();
  const { address, close } = await startTestServer({ addServices: (server) => health.addTo(server) });
  const ask = (): Promise<unknown> =>
    run('npx', ['--no-install', 'grpc-js-middleware', 'health', address], folderOf('alone'));
  expect(await ask()).toEqual({ status: 0, output: 'SERVING' });
  health.shutdown();
  expect(await ask()).toEqual({ status: 1, output: 'NOT_SERVING' });
  await close();
});
