// npm run fuzz:http2 -- [--seconds 60] [--seed 1] [--linger 30000] [--grace 60000] [--without 'a window of 0']…
//
// Clients that break HTTP/2 in every way of abuse.ts, against a server that counts its calls; then all counts have to
// come to zero within the grace, in ms, and the server has to serve.
import { parseArgs } from 'node:util';
import { besiege } from './siege.js';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    seed: { type: 'string', default: '1' },
    linger: { type: 'string', default: '30000' },
    grace: { type: 'string', default: '60000' },
    without: { type: 'string', multiple: true },
  },
});
const { connections, faults } = await besiege({
  seconds: Number(values.seconds),
  seed: Number(values.seed),
  lingerMs: Number(values.linger),
  graceMs: Number(values.grace),
  without: values.without,
});
for (const fault of faults) console.log(`✖ ${fault}`);
for (const name of values.without ?? []) console.log(`- left out: ${name}`);
console.log(`${faults.length === 0 ? '✔' : '✖'} ${connections} connections`);
process.exit(faults.length === 0 ? 0 : 1);
