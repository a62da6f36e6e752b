// with-shop [--processes …] -- COMMAND …: opens the shop with these arguments, waits until its journey is over and it
// serves, runs a command, and closes it. Succeeds if all of them do.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import './ensure-built.mjs';

const LIMIT_MS = 300_000;

const program = fileURLToPath(new URL('../examples/ecommerce/dist/main.js', import.meta.url));
const [own, command] = split(process.argv.slice(2), '--');

const shop = spawn(process.execPath, [program, ...own], { stdio: ['ignore', 'pipe', 'inherit'] });
const closed = endOf(shop);
const stopping = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => stopping.abort());
setTimeout(() => stopping.abort(), LIMIT_MS).unref();
stopping.signal.addEventListener('abort', () => shop.kill('SIGTERM'));

const succeeded = (await opening()) && (await run(command)) === 0;
shop.kill('SIGTERM');
process.exitCode = (await closed) === 0 && succeeded ? 0 : 1;
if (stopping.signal.aborted) console.error('Stopped, or it took longer than five minutes.');

/** Whether the shop serves, once it does or has ended. */
function opening() {
  return new Promise((resolve) => {
    const lines = createInterface({ input: shop.stdout });
    lines.on('line', (line) => {
      console.log(line);
      if (line.startsWith('The shop serves')) resolve(true);
    });
    void closed.then(() => resolve(false));
  });
}

function run([name, ...args]) {
  return endOf(spawn(name, args, { stdio: 'inherit', signal: stopping.signal }));
}

/** The exit status; none of a program that was stopped or could not be run. */
function endOf(child) {
  return new Promise((resolve) => {
    child.on('error', (error) => (error.name === 'AbortError' ? undefined : resolve(console.error(error.message))));
    child.on('exit', resolve);
  });
}

function split(list, separator) {
  const at = list.indexOf(separator);
  return at === -1 ? [[], list] : [list.slice(0, at), list.slice(at + 1)];
}
