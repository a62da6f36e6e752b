import type { OptionChecker } from '../core/base/options.js';

/** @throws TypeError when it is empty or has braces. */
export function prefixOf(check: OptionChecker<{ readonly keyPrefix?: string }>, fallback: string): string {
  const prefix = check.string('keyPrefix', fallback);
  if (/[{}]/.test(prefix)) throw check.error('keyPrefix', 'a string without braces', prefix);
  return prefix;
}
