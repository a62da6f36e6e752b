import { execFile } from 'node:child_process';
import { cp, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inject } from 'vitest';

/** A project that `install.ts` made: the library with grpc-js only, with all that it goes with, with the lowest grpc-js. */
export type Project = 'alone' | 'complete' | 'lowest';

const projects = inject('projects');

export const folderOf = (project: Project): string => join(projects, project);

/** What a program printed, and its exit status. */
export interface Outcome {
  readonly status: number;
  readonly output: string;
}

export function run(program: string, args: string[], folder: string, env: NodeJS.ProcessEnv = {}): Promise<Outcome> {
  return new Promise((resolve) => {
    execFile(program, args, { cwd: folder, env: { ...process.env, ...env } }, (error, stdout, stderr) => {
      resolve({ status: error === null ? 0 : Number(error.code), output: `${stdout}${stderr}`.trim() });
    });
  });
}

/** A copy of the sources as ES modules and one as CommonJS, inside the project, whose packages they find. */
export async function copySources(project: Project, name: string): Promise<string> {
  const folder = join(folderOf(project), name);
  for (const [modules, type] of Object.entries({ esm: 'module', cjs: 'commonjs' })) {
    await mkdir(join(folder, modules), { recursive: true });
    await cp(join(projects, 'sources'), join(folder, modules), { recursive: true });
    await writeFile(join(folder, modules, 'package.json'), JSON.stringify({ private: true, type }));
  }
  return folder;
}

export type Compiler = 'typescript-5.0' | 'typescript-6' | 'typescript-7';

/** Compiles both copies of a source, in place, as strictly as can be: the types of libraries are checked, too. */
export function compile(folder: string, compiler: Compiler, source: string, modules: string[]): Promise<Outcome> {
  const tsc = join(projects, `compilers/node_modules/${compiler}/bin/tsc`);
  const strict = ['--strict', '--exactOptionalPropertyTypes', '--skipLibCheck', 'false', '--pretty', 'false'];
  const target = ['--target', 'es2022', '--lib', 'es2022', '--esModuleInterop', '--types', 'node', ...modules];
  return run(process.execPath, [tsc, ...strict, ...target, `esm/${source}.ts`, `cjs/${source}.ts`], folder);
}
