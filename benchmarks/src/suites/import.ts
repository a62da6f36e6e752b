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
export default async function imports(): Promise<Report[]> {
  return [await pathsReport(), await firstCallReport()];
}

async function pathsReport(): Promise<Report> {
  const paths: Path[] = [];
  for (const path of importPaths())
    paths.push({ path, kb: await gzippedKb(path), ms: await least(() => inChild('import/time', [path])) });
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

const FIRST_CALLS: readonly (readonly [name: string, server: string, client: string])[] = [
  ['bare grpc-js', 'bare', 'bare'],
  ['server: errors + auth + logging + metrics', 'stack', 'bare'],
  ['server: the same with sampled tracing', 'stack + tracing', 'bare'],
  ['client: tracing + metrics + deadlines + breaker + retry + auth', 'bare', 'stack'],
];

async function firstCallReport(): Promise<Report> {
  const rows: { name: string; ms: number }[] = [];
  for (const [name, server, client] of FIRST_CALLS) {
    rows.push({ name, ms: await least(() => inChild('import/first-call', [server, client])) });
  }
  return {
    title: 'The first call of a process',
    how: `Client and server in one process, connection included; grpc-js itself has served one call before. The least of ${REPETITIONS}.`,
    columns: ['with', 'ms'],
    rows: rows.map(({ name, ms }) => [name, ms.toFixed(1)]),
    figures: Object.fromEntries(rows.map(({ name, ms }) => [name, ms])),
    failures: [],
  };
}

async function least(measure: () => Promise<{ ms: number }>): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i < REPETITIONS; i++) times.push((await measure()).ms);
  return Math.min(...times);
}
