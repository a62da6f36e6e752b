import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { spawnSync } from 'node:child_process';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { lockFolder } from './folder-lock.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'shop-lock-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

test('a second start on the same folder is refused with what to do about it', () => {
  lockFolder(folder);

  expect(() => lockFolder(folder)).toThrow(
    `The shop is already running on ${folder} (process ${process.pid}), and its database serves one process at a time. ` +
      'Stop that one, or start this one with --memory and another SHOP_PORT_OFFSET.',
  );
});

test('a released folder is free again', () => {
  lockFolder(folder).release();

  lockFolder(folder).release();

  expect(existsSync(join(folder, 'lock'))).toBe(false);
});

test('the lock of a process that was killed does not count', () => {
  const { pid } = spawnSync(process.execPath, ['--version']);
  writeFileSync(join(folder, 'lock'), JSON.stringify({ pid, started: '1' }));

  expect(() => lockFolder(folder)).not.toThrow();
});

test.runIf(process.platform === 'linux')('nor does a lock whose process id another process has by now', () => {
  writeFileSync(join(folder, 'lock'), JSON.stringify({ pid: process.pid, started: '1' }));

  expect(() => lockFolder(folder)).not.toThrow();
});

test.each(['', '{', 'null'])('a lock of garbage (%j) does not keep the shop closed', (content) => {
  writeFileSync(join(folder, 'lock'), content);

  expect(() => lockFolder(folder)).not.toThrow();
});
