import { parseArgs } from 'node:util';
import { readPortOffset } from '../config.js';
import { runJourney } from './run-journey.js';

// npm run journey: the customer journey against a shop that is open.

const { values } = parseArgs({ options: { tls: { type: 'boolean', default: false } } });

try {
  process.exitCode = (await runJourney({ portOffset: readPortOffset(process.env), tls: values.tls })) ? 0 : 1;
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
