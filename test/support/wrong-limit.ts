import { wrong } from './wrong.js';

/** Wrong options of every limiter whose buckets are shared. */
export const sharedLimit = {
  rows: {
    ratePerSecond: [undefined, ...wrong.positive, 1e7],
    burst: [undefined, ...wrong.positive, 0.5],
    lease: [null, true, 'x', 5, []],
    whenAway: [null, '', 'open', 5],
    timeoutMs: [...wrong.time, 60_001],
    maxKeys: [...wrong.count, 1e9],
    observer: wrong.object,
  },
  leaseRows: {
    tokens: [undefined, ...wrong.count, 1e9],
    ms: [undefined, ...wrong.time, 60_001],
  },
} as const;
