import { readPortOffset } from '../config.js';
import { runJourney } from './run-journey.js';

// npm run journey: the customer journey against a shop that is open.

try {
  process.exitCode = (await runJourney(readPortOffset(process.env))) ? 0 : 1;
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
