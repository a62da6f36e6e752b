// Writes code and figures into README and docs, between comments that say where they come from, so that a page cannot
// differ from what was compiled, run or measured:
//
//   <!-- from examples/quickstart/server.mjs -->      a file
//   <!-- from docs/examples/errors.ts#thrown -->      what stands between `#region thrown` and `#endregion` in a file
//   <!-- by scripts/docs/costs.mjs#errors -->         what the default export of a module answers when it is given that
//   … is written anew …
//   <!-- end -->
//
//   npm run embed              writes them
//   npm run embed -- --check   fails when a page is not as it would be written
import { readFileSync, writeFileSync } from 'node:fs';
import { extname } from 'node:path';
import { pages } from './pages.mjs';

const root = new URL('../..', import.meta.url);
const EMBEDDED = /^(<!-- (from|by) (\S+?)(?:#(\S+))? -->)\n[^]*?^<!-- end -->$/gm;
const LANGUAGES = { '.conf': 'nginx', '.mjs': 'js', '.proto': 'proto', '.ts': 'ts', '.txt': 'text', '.yaml': 'yaml' };

/** The lines of a region, without its indentation. */
function regionOf(text, region, path) {
  const lines = text.split('\n');
  const first = lines.findIndex((line) => line.trim().endsWith(`#region ${region}`));
  const last = lines.findIndex((line, index) => index > first && line.includes('#endregion'));
  if (first === -1 || last === -1) throw new Error(`${path} has no region ${region}`);
  const indentation = lines[first].search(/\S/);
  return lines
    .slice(first + 1, last)
    .map((line) => line.slice(indentation))
    .join('\n');
}

async function contentOf(kind, path, region) {
  if (kind === 'by') return (await import(new URL(path, root).href)).default(region);
  const text = readFileSync(new URL(path, root), 'utf8');
  const lines = region === undefined ? text : regionOf(text, region, path);
  return `\`\`\`${LANGUAGES[extname(path)] ?? 'text'}\n${lines.trimEnd()}\n\`\`\``;
}

async function written(page, path) {
  const matches = [...page.matchAll(EMBEDDED)];
  const begun = page.match(/^<!-- (from|by) /gm) ?? [];
  if (begun.length !== matches.length) throw new Error(`${path} has a mark without its end, or of no form known here`);
  let text = '';
  let end = 0;
  for (const match of matches) {
    const [whole, marker, kind, source, region] = match;
    text += `${page.slice(end, match.index)}${marker}\n${await contentOf(kind, source, region)}\n<!-- end -->`;
    end = match.index + whole.length;
  }
  return text + page.slice(end);
}

const checking = process.argv.includes('--check');
for (const path of pages()) {
  const url = new URL(path, root);
  const before = readFileSync(url, 'utf8');
  const after = await written(before, path);
  if (after === before) continue;
  if (!checking) writeFileSync(url, after);
  else {
    console.error(`${path} differs from what it is made of: run npm run embed`);
    process.exitCode = 1;
  }
}
