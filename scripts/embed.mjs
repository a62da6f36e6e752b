// Writes code and figures into README and docs, between comments that say where they come from, so that a page cannot
// differ from what was compiled, run or measured:
//
//   <!-- from examples/quickstart/server.mjs -->               a file
//   <!-- from docs/examples/errors.ts#thrown -->               what stands between `#region thrown` and `#endregion`
//   <!-- figures benchmarks/results/NAME.json: row; row -->    the first figure of these rows of a benchmark
//   … is written anew …
//   <!-- end -->
//
//   npm run embed              writes them
//   npm run embed -- --check   fails when a page is not as it would be written
import { readFileSync, writeFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { markdownFiles } from './markdown-files.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const EMBEDDED = /^<!-- (from|figures) (\S+?)(?:#(\S+?))?(?:: ([^>]+?))? -->\n[^]*?^<!-- end -->$/gm;
const LANGUAGES = { '.mjs': 'js', '.txt': 'text', '.yaml': 'yaml', '.proto': 'proto', '.ts': 'ts' };

function embed(whole, kind, path, region, rows) {
  const text = readFileSync(join(root, path), 'utf8');
  const written = kind === 'figures' ? figures(JSON.parse(text), rows.split(/;\s*/), path) : code(text, path, region);
  return `${whole.slice(0, whole.indexOf('\n'))}\n${written}\n<!-- end -->`;
}

function code(text, path, region) {
  const lines = (region === undefined ? text : regionOf(text, region, path)).trimEnd();
  return `\`\`\`${LANGUAGES[extname(path)] ?? 'text'}\n${lines}\n\`\`\``;
}

/** The lines of a region, without its indentation. */
function regionOf(text, region, path) {
  const lines = text.split('\n');
  const start = lines.findIndex((line) => line.trim().replace(/^(\/\/|#) /, '') === `#region ${region}`);
  const end = lines.findIndex((line, index) => index > start && line.includes('#endregion'));
  if (start === -1 || end === -1) throw new Error(`${path} has no region ${region}`);
  const indentation = /^ */.exec(lines[start])[0].length;
  return lines
    .slice(start + 1, end)
    .map((line) => line.slice(indentation))
    .join('\n');
}

function figures({ machine, reports }, names, path) {
  const found = names.map((name) => {
    const [report, label] = name.includes(' of ') ? name.split(' of ').reverse() : [undefined, name];
    const rows = reports.filter(({ title }) => report === undefined || title.includes(report)).flatMap((each) => each.rows);
    const row = rows.find(([first]) => first === label);
    if (row === undefined) throw new Error(`${path} has no row ${name}`);
    return `| ${label} | ${row[1]} |`;
  });
  return found;
}

let stale = 0;
for (const path of markdownFiles(root)) {
  const before = readFileSync(join(root, path), 'utf8');
  const after = before.replace(EMBEDDED, embed);
  if (after === before) continue;
  stale++;
  if (process.argv.includes('--check')) console.error(`${path} differs from its sources: run npm run embed`);
  else writeFileSync(join(root, path), after);
}
if (process.argv.includes('--check')) process.exit(stale > 0 ? 1 : 0);
