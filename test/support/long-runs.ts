// What Vitest runs before each file of tests in the second tier: properties that give no number of runs have more, too.
import fc from 'fast-check';
import { runs } from './runs.js';

fc.configureGlobal({ numRuns: runs(100) });
