// Installs the packed library in fresh projects, once for all tests, the way a stranger would: with npm, outside of this
// repository, so that nothing of ours can be found by walking up.
import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { TestProject } from 'vitest/node';
import { nodeProgram, nodeVersions } from '../../scripts/node-versions.mjs';

declare module 'vitest' {
  export interface ProvidedContext {
    /** The folder with the projects. */
    readonly projects: string;
    /** The programs of the versions of Node that can be had, by major version. */
    readonly nodePrograms: Readonly<Record<number, string>>;
  }
}

interface Manifest {
  readonly devDependencies: Readonly<Record<string, string>>;
  readonly peerDependencies: Readonly<Record<string, string>>;
}

const run = promisify(execFile);
const root = join(import.meta.dirname, '../..');

export default async function install(vitest: TestProject): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), 'grpc-js-middleware-'));
  const { devDependencies, peerDependencies } = JSON.parse(
    await readFile(join(root, 'package.json'), 'utf8'),
  ) as Manifest;
  const versions = (...names: string[]): string[] => names.map((name) => `${name}@${devDependencies[name]}`);

  const tarball = join(root, 'grpc-js-middleware.tgz');
  const types = versions('@types/node');
  const newest = versions('@grpc/grpc-js');
  const lowest = `@grpc/grpc-js@${peerDependencies['@grpc/grpc-js']!.match(/\d\S+/)![0]}`;
  const optional = versions('@opentelemetry/api', 'pino', 'prom-client');
  const definitions = [
    ...versions('@grpc/proto-loader', 'google-protobuf'),
    ...['@bufbuild/protobuf@2', '@types/google-protobuf@3'],
  ];
  await Promise.all([
    npmInstall(join(folder, 'alone'), [tarball, ...newest, ...types]),
    npmInstall(join(folder, 'complete'), [tarball, ...newest, ...types, ...optional, ...definitions]),
    npmInstall(join(folder, 'lowest'), [tarball, lowest, ...types, ...optional, ...definitions]),
    npmInstall(join(folder, 'compilers'), [
      'typescript-5.0@npm:typescript@5.0.4',
      'typescript-6@npm:typescript@6.0.3',
      'typescript-7@npm:typescript@7.0.2',
    ]),
    generate(join(folder, 'sources')),
  ]);
  vitest.provide('projects', folder);
  vitest.provide('nodePrograms', await nodePrograms());
  return () => rm(folder, { recursive: true, force: true });
}

async function nodePrograms(): Promise<Record<number, string>> {
  const programs: Record<number, string> = {};
  for (const major of nodeVersions) {
    const program = await nodeProgram(major);
    if (program !== undefined) programs[major] = program;
  }
  return programs;
}

async function npmInstall(project: string, packages: string[]): Promise<void> {
  await mkdir(project);
  await writeFile(join(project, 'package.json'), '{ "private": true }');
  const flags = ['--no-audit', '--no-fund', '--prefer-offline', '--ignore-scripts', '--save-exact'];
  await run('npm', ['install', ...flags, ...packages], { cwd: project });
}

/** The sources of the projects, with what ts-proto and proto-loader make of `talk.proto`. */
async function generate(sources: string): Promise<void> {
  await cp(join(import.meta.dirname, 'sources'), sources, { recursive: true });
  const bin = join(root, 'node_modules/.bin');
  const env = { ...process.env, PATH: `${bin}:${process.env['PATH']}` };
  const template = {
    version: 'v2',
    plugins: [
      {
        local: 'protoc-gen-ts_proto',
        out: 'gen/ts-proto',
        opt: ['outputServices=grpc-js', 'importSuffix=.js', 'esModuleInterop=true'],
      },
    ],
  };
  await run('buf', ['generate', '--template', JSON.stringify(template)], { cwd: sources, env });
  const flags = ['--grpcLib=@grpc/grpc-js', '--importFileExtension=.js', '--outDir=gen/proto-loader'];
  await run('proto-loader-gen-types', [...flags, 'talk.proto'], { cwd: sources, env });
}
