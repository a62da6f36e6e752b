import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { groupNames } from '../scripts/check/steps.mjs';
import { nodeVersions } from '../scripts/node-versions.mjs';

const root = join(import.meta.dirname, '..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const yaml = <T>(path: string): T => parse(read(path)) as T;

interface Step {
  readonly uses?: string;
  readonly run?: string;
}

interface Workflow {
  readonly name: string;
  readonly on: object;
  readonly permissions: Record<string, string>;
  readonly jobs: Record<string, Job>;
}

interface Job {
  readonly 'runs-on': string;
  readonly 'timeout-minutes': number;
  readonly strategy?: { readonly matrix: { readonly node?: number[]; readonly group: string[] } };
  readonly steps: Step[];
}

interface IssueForm {
  readonly name: string;
  readonly description: string;
  readonly body: { readonly type: string; readonly id: string; readonly attributes: { readonly label: string } }[];
}

const listed = (folder: string): string[] => readdirSync(join(root, folder)).map((name) => `${folder}/${name}`);
const workflows = listed('.github/workflows');
const forms = listed('.github/ISSUE_TEMPLATE').filter((path) => !path.endsWith('config.yml'));

describe.each(workflows)('%s', (path) => {
  const { name, on, permissions, jobs } = yaml<Workflow>(path);

  test('has what GitHub wants of a workflow', () => {
    expect([typeof name, typeof on]).toEqual(['string', 'object']);
    for (const job of Object.values(jobs)) {
      expect(job['runs-on']).toBe('ubuntu-latest');
      expect(job.steps.filter(({ uses, run }) => (uses === undefined) === (run === undefined))).toEqual([]);
    }
  });

  test('ends by itself, may do no more than it says, and takes actions of one version', () => {
    expect(permissions['contents']).toBe('read');
    for (const job of Object.values(jobs)) {
      expect(job['timeout-minutes']).toBeLessThanOrEqual(60);
      const actions = job.steps.flatMap(({ uses }) => uses ?? []);
      expect(actions.filter((action) => !/^[\w-]+\/[\w-]+@v\d+$/.test(action))).toEqual([]);
    }
  });

  test('runs .ci/run', () => {
    const commands = Object.values(jobs).flatMap(({ steps }) => steps.map(({ run }) => run));
    expect(commands).toContain('.ci/run');
  });
});

test.each(workflows)('%s has a job for each group of the check', (path) => {
  const { jobs } = yaml<Workflow>(path);
  expect(jobs['check']!.strategy!.matrix.group).toEqual(groupNames);
});

test('CI runs on the versions of Node that the tarball is tried on', () => {
  const { jobs } = yaml<Workflow>('.github/workflows/ci.yml');
  expect(jobs['check']!.strategy!.matrix.node).toEqual(nodeVersions);
});

test.each(forms)('%s is a form', (path) => {
  const { name, description, body } = yaml<IssueForm>(path);
  expect([typeof name, typeof description]).toEqual(['string', 'string']);
  expect(body.filter(({ type }) => !['input', 'textarea', 'dropdown', 'checkboxes'].includes(type))).toEqual([]);
  const ids = body.map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
  expect(body.filter(({ attributes }) => !attributes.label)).toEqual([]);
});

test('updates come for packages and for actions', () => {
  const { version, updates } = yaml<{ version: number; updates: { 'package-ecosystem': string; directory: string }[] }>(
    '.github/dependabot.yml',
  );
  expect(version).toBe(2);
  expect(updates.map((each) => each['package-ecosystem'])).toEqual(['npm', 'github-actions']);
  expect(updates.filter(({ directory }) => !existsSync(join(root, directory)))).toEqual([]);
});

test('one address is given for the project', () => {
  const manifest = JSON.parse(read('package.json')) as { repository: { url: string }; bugs: string; homepage: string };
  const address = manifest.repository.url.replace(/^git\+|\.git$/g, '');
  expect([manifest.bugs, manifest.homepage]).toEqual([`${address}/issues`, `${address}#readme`]);
  const pages = ['SECURITY.md', 'RELEASING.md', '.github/ISSUE_TEMPLATE/config.yml'];
  expect(pages.filter((page) => !read(page).includes(address))).toEqual([]);
});

test('the version is that of the newest section of the changelog, or still to be released', () => {
  const { version } = JSON.parse(read('package.json')) as { version: string };
  const sections = [...read('CHANGELOG.md').matchAll(/^## \[(.+?)\]/gm)].map(([, name]) => name);
  expect(sections[0]).toBe('Unreleased');
  expect([version, undefined]).toContain(sections[1]);
});
