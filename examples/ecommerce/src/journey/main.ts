import { parseArgs } from 'node:util';
import { readPortOffset } from '../config.js';
import { runJourney } from './run-journey.js';

// npm run journey -- [--tls] [--chaos] [--trace]: the customer journey against a shop that is open.

try {
  const off = { type: 'boolean', default: false } as const;
  const { values } = parseArgs({ options: { tls: off, chaos: off, trace: off } });
  process.exitCode = (await runJourney({ ...values, portOffset: readPortOffset(process.env) })) ? 0 : 1;
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
