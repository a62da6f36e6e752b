import { execFile } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import ts from 'typescript';

const folder = fileURLToPath(new URL('../../node_modules/.cache/docs/', import.meta.url));

/** Runs the blocks that are marked so, one after another; answers what is wrong with what they print. */
export async function printedOtherwise(blocks) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const problems = [];
  for (const [index, block] of blocks.entries()) {
    if (block.language !== 'ts' || block.note !== 'run') continue;
    const where = `${block.path}:${block.line + 1}`;
    const expected = blocks[index + 1];
    if (expected?.language !== 'text' || expected.path !== block.path) {
      problems.push(`${where} runs, and no block of text says what it prints`);
      continue;
    }
    const printed = await run(block.code, `${index}.mjs`);
    if (!patternOf(expected.code).test(printed)) {
      problems.push(`${where} prints\n${printed}where ${block.path}:${expected.line + 1} says\n${expected.code}`);
    }
  }
  return problems;
}

/** What a program prints, on either stream, and why it failed. */
async function run(code, name) {
  const { outputText } = ts.transpileModule(code, {
    compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext, verbatimModuleSyntax: true },
  });
  writeFileSync(`${folder}${name}`, outputText);
  const options = { timeout: 30_000, env: { ...process.env, NO_COLOR: '1' } };
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [`${folder}${name}`], options).catch(
    (error) => error,
  );
  return `${stdout}${stderr}`;
}

/** Matches a whole text, in which … stands for anything. */
function patternOf(text) {
  const parts = text.split('…').map((part) => part.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'));
  return new RegExp(`^${parts.join('[^]*?')}\n$`);
}
