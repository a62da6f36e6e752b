import { expect, test } from 'vitest';
import { runtime, runtimeNames } from '../../scripts/runtimes.mjs';
import { copySources, run } from './project.js';

test.each(runtimeNames)('on %s a server and its clients do what they do on Node', async (name) => {
  const found = await runtime(name);
  if (found === undefined) return;
  const folder = await copySources('alone', name);
  const outcome = await run(found.program, [...found.args, 'runtime.mjs'], `${folder}/esm`);
  expect(outcome.output).toMatch(/^runtime: (\d+) of \1 hold$/m);
  expect(outcome).toMatchObject({ status: 0 });
});
