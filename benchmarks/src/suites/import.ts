import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { gzipSync } from 'node:zlib';
import { inChild } from '../harness/in-child.js';
import { bundle } from '../import/bundle.js';
import type { Report } from '../harness/report.js';

const KB_BUDGET = 25;
const MS_BUDGET = 15;
const REPETITIONS = 9;

interface Path {
  readonly path: string;
  readonly kb: number;
  readonly ms: number;
}

/** What does importing a path cost, in bytes and in time? */
export default async function imports(): Promise<Report> {
  const paths: Path[] = [];
  for (const path of importPaths()) paths.push({ path, kb: await gzippedKb(path), ms: await ownMs(path) });
  return {
    title: 'Import: size and time of each path',
    how: `Size: bundled by esbuild, minified and gzipped, without dependencies. Time: of the path's own modules, in a process of its own that has loaded its dependencies before; the least of ${REPETITIONS}.`,
    columns: ['path', 'KB', 'ms'],
    rows: paths.map(({ path, kb, ms }) => [path, kb.toFixed(1), ms.toFixed(1)]),
    figures: Object.fromEntries(
      paths.flatMap(({ path, kb, ms }) => [
        [`${path} KB`, kb],
        [`${path} ms`, ms],
      ]),
    ),
    failures: paths.flatMap(({ path, kb, ms }) => [
      ...(kb > KB_BUDGET ? [`${path}: ${kb.toFixed(1)} KB are over the budget of ${KB_BUDGET}`] : []),
      ...(ms > MS_BUDGET ? [`${path}: ${ms.toFixed(1)} ms are over the budget of ${MS_BUDGET}`] : []),
    ]),
  };
}

function importPaths(): string[] {
  const file = createRequire(import.meta.url).resolve('grpc-js-middleware/package.json');
  const { exports } = JSON.parse(readFileSync(file, 'utf8')) as { exports: Record<string, unknown> };
  return Object.keys(exports)
    .filter((key) => key !== './package.json')
    .map((key) => key.replace('.', 'grpc-js-middleware'));
}

async function gzippedKb(path: string): Promise<number> {
  const { code } = await bundle(path);
  return gzipSync(code).byteLength / 1024;
}

async function ownMs(path: string): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i < REPETITIONS; i++) times.push((await inChild<{ ms: number }>('import/time', [path])).ms);
  return Math.min(...times);
}
