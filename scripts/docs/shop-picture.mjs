// Makes the README's picture of the shop out of what the shop really prints:
//
//   npm start -- --once --memory | node scripts/docs/shop-picture.mjs
//
// Of the calls it shows the first, and the first of each kind of thing that the middleware did.
import { writeFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';

const LINE = 20;
const LEFT = { RPC: 44, kind: 378, status: 492, attempts: 646, ms: 716, 'what the middleware did': 786 };
const RIGHT_ALIGNED = { attempts: 60, ms: 50 };
const COLOURS = { OK: '#7ee787', CANCELLED: '#d29922' };

const printed = (await text(process.stdin)).split('\n');
const cellsOf = (line) => line.split('│').map((cell) => cell.trim());
const [names, ...calls] = printed.filter((line) => line.startsWith('│')).map(cellsOf);
const opened = printed.find((line) => line.startsWith('✓'));
const ended = printed.findLast((line) => line !== '');
if (!names || !opened || !ended) throw new Error('That is not what the shop prints');

const cell = (call, name) => call[names.indexOf(name)];
const deed = (call) => cell(call, 'what the middleware did').replace(/[A-Z]\w+_\w+|refused .*/, '');
const shown = calls.filter((call, index) => calls.findIndex((each) => deed(each) === deed(call)) === index);

const escaped = (words) => words.replace(/&/g, '&amp;').replace(/</g, '&lt;');
const write = (words, x, y, more = '') => `<text x="${x}" y="${y}"${more}>${escaped(words)}</text>`;

/** A call, or the names of the columns, as a line of the table. */
function row(cells, y, colourOf) {
  return Object.entries(LEFT).map(([name, left]) => {
    const width = RIGHT_ALIGNED[name];
    const more = (width ? ' text-anchor="end"' : '') + ` fill="${colourOf(name, cell(cells, name))}"`;
    return write(cell(cells, name), left + (width ?? 0), y, more);
  });
}

const quiet = () => '#8b949e';
const loud = (name, words) => (name === 'status' ? (COLOURS[words] ?? '#ff9a8b') : '#e6edf3');
const top = 108;
const width = Math.ceil(
  LEFT['what the middleware did'] +
    7.6 * Math.max(...shown.map((call) => cell(call, 'what the middleware did').length)) +
    20,
);
const bottom = top + shown.length * LINE + 18;
const svg = [
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${bottom + 22}" width="${width}" font-family="ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="12.5">`,
  `<title>The shop, opened: some calls of its customer journey, and what the middleware did</title>`,
  `<rect width="100%" height="100%" rx="8" fill="#0d1117"/>`,
  write('$ npm start', 20, 32, ' fill="#79c0ff"'),
  write(opened, 20, 54, ' fill="#7ee787"'),
  ...row(names, 82, quiet),
  `<path d="M20 91H${width - 20}" stroke="#30363d"/>`,
  ...shown.flatMap((call, index) => [
    write('✓', 24, top + index * LINE, ' fill="#7ee787"'),
    ...row(call, top + index * LINE, loud),
  ]),
  write(`… ${calls.length} calls in all. ${ended}`, 20, bottom, ' fill="#8b949e"'),
  '</svg>',
].join('\n');

writeFileSync(new URL('../../docs/images/shop.svg', import.meta.url), `${svg}\n`);
