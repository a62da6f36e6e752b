import type { FieldKind } from './fields.js';

/** What anybody may send in a field of each kind, whatever the field is for. */
export const BAD_VALUES: Readonly<Record<FieldKind, Readonly<Record<string, unknown>>>> = {
  text: {
    empty: '',
    blank: ' \n ',
    'of 1 MB': 'x'.repeat(1_048_576),
    // PostgreSQL cannot keep it.
    'with NUL': 'a\u0000b',
    // Colours and cursors of somebody's terminal.
    'with escape': 'a\u001b[2Jb',
    // Half of a character arrives as U+FFFD.
    'half a character': 'a\ud83d',
  },
  'whole number': { zero: 0, negative: -1, least: -2_147_483_648, most: 2_147_483_647 },
  number: {
    zero: 0,
    negative: -1,
    'not a number': NaN,
    infinite: Infinity,
    'minus infinite': -Infinity,
    huge: 1e308,
    tiny: 1e-9,
  },
  enum: { unspecified: 0, unknown: 99, negative: -1 },
  list: { empty: [], 'of 10,000': 10_000 },
  map: {
    'of 10,000': Object.fromEntries(Array.from({ length: 10_000 }, (_, index) => [`key ${index}`, ''])),
    'without a name': { '': 'x' },
  },
  message: { missing: undefined },
  time: { 'before 1970': new Date(-1), 'after 9999': new Date(8.64e15) },
};

/** A list of so many like its first element. */
export function manyLike(list: unknown, count: number): unknown[] {
  return Array.from({ length: count }, () => (list as unknown[])[0]);
}
