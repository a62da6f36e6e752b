import { build } from 'esbuild';
import { join } from 'node:path';
import { beforeAll, describe, expect, inject, test } from 'vitest';
import { compile, copySources, run, type Project } from './project.js';

const programs: [Project, source: string][] = [
  ['alone', 'alone'],
  ['complete', 'complete'],
  ['lowest', 'complete'],
];
const nodes = Object.entries(inject('nodePrograms'));

describe.each(programs)('project %s serves and calls all four kinds', (project, source) => {
  const holds = { status: 0, output: `${source}: all hold` };
  let folder: string;

  beforeAll(async () => {
    folder = await copySources(project, 'programs');
    expect(await compile(folder, 'typescript-7', source, ['--module', 'node16'])).toEqual({ status: 0, output: '' });
  });

  describe.concurrent.each(nodes)('on Node %s', (_, node) => {
    test('as ES modules', async () => {
      expect(await run(node, [`${source}.js`], join(folder, 'esm'))).toEqual(holds);
    });

    test('as CommonJS', async () => {
      expect(await run(node, [`${source}.js`], join(folder, 'cjs'))).toEqual(holds);
    });
  });

  test('as one file, bundled with all it needs', async () => {
    const outfile = join(folder, 'esm/bundled.cjs');
    await build({ entryPoints: [join(folder, `esm/${source}.js`)], outfile, bundle: true, platform: 'node' });
    expect(await run(process.execPath, [outfile], join(folder, 'esm'))).toEqual(holds);
  });
});

test.each(nodes)('on Node %s two copies in one process agree about errors and calls', async (version, node) => {
  const folder = await copySources('alone', `two copies, Node ${version}`);
  const outcome = await run(node, ['two-copies.mjs'], join(folder, 'esm'));
  expect(outcome).toEqual({ status: 0, output: 'two copies: all hold' });
});
