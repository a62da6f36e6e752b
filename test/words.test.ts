import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { findWords } from '../scripts/words/find.mjs';

const scripts = join(import.meta.dirname, '../scripts');
const place = mkdtempSync(join(tmpdir(), 'words-'));
afterAll(() => rmSync(place, { recursive: true, force: true }));

describe('words that may not come back', () => {
  test.each([
    ['Whoever calls it', 'Whoever'],
    ['a call made anew', 'anew'],
    ['it waits for ever', 'for ever'],
    ['somebody, and nobody else', 'somebody', 'nobody'],
    ['// a status that is\n   // no status', 'is no'],
    ["'a status that is ' +\n  'none'", 'is none'],
    ['the server is no longer there, there is no such method', ...[]],
    ['it stands for a name', ...[]],
    ['the breaker stands behind it and understands', 'stands'],
    ['* what he sends\n * is his', 'he', 'his'],
    ['the header, this, which', ...[]],
  ])('finds in %j what PROSE forbids', (text, ...words) => {
    expect(findWords(text).map(({ word }) => word)).toEqual(words);
  });

  test('may become fewer in a file, and never more', () => {
    cpSync(join(scripts, 'words'), join(place, 'scripts/words'), { recursive: true });
    cpSync(join(scripts, 'words.mjs'), join(place, 'scripts/words.mjs'));
    execFileSync('git', ['init', '--quiet', place]);
    const write = (path: string, text: string) => writeFileSync(join(place, path), text);
    const words = (...args: string[]) =>
      spawnSync(process.execPath, [join(place, 'scripts/words.mjs'), ...args], { encoding: 'utf8' });
    const allowed = (counts: object) => write('scripts/words/words.json', JSON.stringify(counts));

    allowed({ 'page.md': 2 });
    write('page.md', 'nobody, somebody');
    expect(words()).toMatchObject({ status: 0, stderr: '' });

    write('page.md', 'nobody, somebody\nand whoever');
    expect(words().status).toBe(1);
    expect(words().stderr).toContain('page.md:2 whoever: name them: the caller, the client\n');
    expect(words().stderr).toContain('✖ page.md may have 2 of these words, and has 3\n');

    write('page.md', 'somebody');
    expect(words().status).toBe(0);
    expect(words('--update').stdout).toBe('1 words are left in 1 files\n');
    write('page.md', 'nobody, somebody');
    expect(words('--update').status).toBe(0);
    expect(words().status).toBe(1);

    write('page.md', 'plain');
    write('moved.md', 'somebody');
    expect(words().stderr).toContain('✖ moved.md may have 0 of these words, and has 1\n');
  });
});
