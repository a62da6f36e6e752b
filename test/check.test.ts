import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { steps } from '../scripts/check/steps.mjs';

const scripts = join(import.meta.dirname, '../scripts');
const folder = mkdtempSync(join(tmpdir(), 'check-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const node = (...args: string[]) => spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8' });

describe('the check', () => {
  const check = (...args: string[]) => node(join(folder, 'scripts/check.mjs'), ...args);

  beforeAll(() => {
    mkdirSync(join(folder, 'scripts'), { recursive: true });
    cpSync(join(scripts, 'check.mjs'), join(folder, 'scripts/check.mjs'));
    cpSync(join(scripts, 'check'), join(folder, 'scripts/check'), { recursive: true });
    const planted = [
      { group: 'code', claim: 'Code holds', command: 'exit 3' },
      { group: 'package', claim: 'It packs', command: 'exit 1' },
      { group: 'package', claim: 'What it packs holds', command: 'true', needs: 'It packs' },
      { group: 'tests', claim: 'Tests pass', command: 'true', all: 'echo all seeds' },
      { group: 'tests', claim: 'Ten storms pass', all: 'true' },
    ];
    writeFileSync(
      join(folder, 'scripts/check/steps.mjs'),
      `export const groupNames = ['code', 'package', 'tests'];\nexport const steps = ${JSON.stringify(planted)};\n`,
    );
  });

  const linesAfter = (start: string, output: string): string[] => {
    const lines = output.split('\n').filter((line) => line !== '');
    return lines.slice(lines.findIndex((line) => line.startsWith(start)) + 1);
  };
  const withoutTimes = (line: string): string => line.replace(/ \([\d.]+ s\)$/, '');

  test('stops at the first failure and lists what was not run', () => {
    const { status, stdout } = check();
    expect(status).toBe(1);
    expect(linesAfter('Summary', stdout).map(withoutTimes)).toEqual([
      '✖ code: Code holds',
      '– package: It packs (not run)',
      '– package: What it packs holds (not run)',
      '– tests: Tests pass (not run)',
      '3 not run',
      "Again: npm run check -- --group code 'Code holds'",
      '0 passed, 1 failed',
    ]);
  });

  test('with --keep-going runs all that does not need what failed, and sums up', () => {
    const { status, stdout } = check('--keep-going');
    expect(status).toBe(1);
    expect(linesAfter('Summary', stdout).map(withoutTimes)).toEqual([
      '✖ code: Code holds',
      '✖ package: It packs',
      '– package: What it packs holds (not run)',
      '✔ tests: Tests pass',
      '1 not run',
      "Again: npm run check -- --group code 'Code holds'",
      "Again: npm run check -- --group package 'It packs'",
      '1 passed, 2 failed',
    ]);
  });

  test('runs the steps of a group, and in the second tier more of them', () => {
    const short = check('--group', 'tests');
    expect([short.status, short.stdout.trim().split('\n').at(-1)]).toEqual([0, '1 passed, 0 failed']);
    const long = check('--group', 'tests', '--all');
    expect([long.status, long.stdout.trim().split('\n').at(-1)]).toEqual([0, '2 passed, 0 failed']);
    expect(long.stdout).toContain('all seeds\n');
  });

  test('runs the steps whose claims have a word, with those that they need', () => {
    expect(check('--list', 'WHAT').stdout).toBe(
      'package: It packs\n    exit 1\npackage: What it packs holds\n    true\n',
    );
  });

  test.each([
    [['--group', 'nothing'], '--group: expected one of code, package, tests, got nothing\n'],
    [['nothing'], 'No claim has the words nothing: --list shows all claims\n'],
    [['--keepgoing'], expect.stringContaining("Unknown option '--keepgoing'") as string],
  ])('says what is wrong with %j', (args, message) => {
    expect(check(...args)).toMatchObject({ status: 2, stderr: message });
  });

  test('makes claims that can be read alone', () => {
    const claims = steps.map(({ claim }) => claim);
    expect(new Set(claims).size).toBe(claims.length);
    expect(claims.filter((claim) => /^(So|Nor|They|Neither|It)\b|\btoo$/.test(claim))).toEqual([]);
    expect(steps.filter(({ needs }) => needs !== undefined && !claims.includes(needs))).toEqual([]);
    expect(steps.filter(({ command, all }) => (command ?? all) === undefined)).toEqual([]);
  });
});
