import { status } from '@grpc/grpc-js';
import type { CallEnd } from '../core/hooks.js';
import { optionError } from '../core/base/options.js';

/**
 * For the `sample` option: keeps every failure, and one success in `n`. It counts rather than draws, so that a hundred
 * successes give exactly one line for `n` = 100; the first success is kept.
 *
 * @throws TypeError when `n` is not an integer of at least 1.
 * @example loggingServerInterceptor({ logger, sample: failuresAndOneIn(100) })
 */
export function failuresAndOneIn(n: number): (end: CallEnd) => boolean {
  if (!Number.isInteger(n) || n < 1) throw optionError('failuresAndOneIn: n', 'an integer of at least 1', n);
  let successes = 0;
  return ({ code }) => code !== status.OK || successes++ % n === 0;
}
