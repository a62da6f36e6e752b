// #region test
import { EchoRequest, startTestServer } from 'grpc-js-middleware/testing';
import { expect, test } from 'vitest';
import { stopwatch } from './stopwatch.js';

test('the stopwatch tells the time of a call', async () => {
  const times: number[] = [];
  await using server = await startTestServer({ interceptors: [stopwatch((_path, ms) => times.push(ms))] });

  await server.client.echo(EchoRequest.create({ text: 'hello', delayMs: 5 }));
  await server.events.until({ side: 'server', hook: 'onEnd' });

  expect(times).toHaveLength(1);
});
// #endregion
