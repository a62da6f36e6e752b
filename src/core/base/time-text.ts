const UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1_000],
] as const;

/** A time as people write it: `500 ms`, `1.5 s`, `10 min`. In the largest unit that needs no more than one decimal. */
export function timeText(ms: number): string {
  const fitting = UNITS.find(([, size]) => ms >= size && Number.isInteger((ms * 10) / size));
  return fitting === undefined ? `${ms} ms` : `${ms / fitting[1]} ${fitting[0]}`;
}
