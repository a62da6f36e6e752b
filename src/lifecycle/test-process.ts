// A process that stops on signals, for tests: how it does so is its first argument.
import { setTimeout as delay } from 'node:timers/promises';
import { onSignals } from './on-signals.js';

const how = process.argv[2];
setInterval(() => {}, 60_000);

onSignals(['SIGTERM', 'SIGINT'], async ({ signal, force }) => {
  console.log(`stopping on ${signal}`);
  if (how === 'fails') throw new Error('as told');
  if (how === 'hangs') await new Promise((resolve) => force.addEventListener('abort', resolve));
  if (how === 'deaf') await new Promise(() => {});
  console.log('stopped');
});
if (how === 'twice') {
  onSignals(['SIGTERM'], async () => {
    await delay(50);
    console.log('the other too');
  });
}
console.log('ready');
