import { describe, expect, test } from 'vitest';
import { compile, copySources, type Compiler, type Project } from './project.js';

const node16 = ['--module', 'node16'];
const nodenext = ['--module', 'nodenext'];
const bundler = ['--module', 'esnext', '--moduleResolution', 'bundler'];

const programs: [Compiler, Project, string, string[]][] = [
  // What `complete` has beside the library needs a newer compiler.
  ['typescript-5.0', 'alone', 'node16', node16],
  ['typescript-5.0', 'alone', 'nodenext', nodenext],
  ['typescript-6', 'alone', 'node16', node16],
  ['typescript-6', 'alone', 'nodenext', nodenext],
  ['typescript-6', 'alone', 'bundler', bundler],
  ['typescript-6', 'complete', 'node16', node16],
  ['typescript-6', 'complete', 'nodenext', nodenext],
  ['typescript-6', 'complete', 'bundler', bundler],
  ['typescript-7', 'alone', 'node16', node16],
  ['typescript-7', 'alone', 'nodenext', nodenext],
  ['typescript-7', 'alone', 'bundler', bundler],
  ['typescript-7', 'complete', 'node16', node16],
  ['typescript-7', 'complete', 'nodenext', nodenext],
  ['typescript-7', 'complete', 'bundler', bundler],
];

describe.concurrent('the types hold, those of libraries checked', () => {
  test.each(programs)('with %s in project %s, resolved for %s', async (compiler, project, resolution, options) => {
    const folder = await copySources(project, `${compiler} ${resolution}`);
    expect(await compile(folder, compiler, project, options)).toEqual({ status: 0, output: '' });
  });

  // Before 5.6, TypeScript takes the `Long` that grpc-js means for a namespace.
  test("with typescript-5.0, resolved for a bundler, but for grpc-js's own", async () => {
    const folder = await copySources('alone', 'typescript-5.0 bundler');
    const { output } = await compile(folder, 'typescript-5.0', 'alone', bundler);
    const files = output.split('\n').map((line) => line.replace(/\(.*/, ''));
    expect(files).not.toEqual(['']);
    expect(files.filter((file) => !file.includes('/@grpc/grpc-js/'))).toEqual([]);
  });
});
