/**
 * Makes a list of decisions smaller for as long as `fails` still holds of it: leaves stretches out, long ones first, then
 * lowers what is left towards 0, the tamest choice.
 */
export async function shrink(
  decisions: readonly number[],
  fails: (decisions: readonly number[]) => Promise<boolean>,
  attempts = 1_500,
): Promise<readonly number[]> {
  let best = withoutTail(decisions);
  let left = attempts;
  const better = async (candidate: readonly number[]): Promise<boolean> => {
    if (left-- <= 0 || !(await fails(candidate))) return false;
    best = withoutTail(candidate);
    return true;
  };
  for (let before = -1; before !== weight(best) && left > 0;) {
    before = weight(best);
    for (let size = Math.max(1, best.length >> 1); size >= 1; size >>= 1) {
      for (let at = 0; at < best.length && left > 0;) {
        const zeroed = [...best.slice(0, at), ...best.slice(at, at + size).map(() => 0), ...best.slice(at + size)];
        if (weight(zeroed) < weight(best) && (await better(zeroed))) at += size;
        else if (!(await better([...best.slice(0, at), ...best.slice(at + size)]))) at += size;
      }
    }
    for (let at = 0; at < best.length && left > 0; at++) {
      for (let value = 1; value < best[at]!; value++) {
        if (await better([...best.slice(0, at), value, ...best.slice(at + 1)])) break;
      }
    }
  }
  return best;
}

const weight = (list: readonly number[]): number =>
  list.reduce((sum, value) => sum + value + (value > 0 ? 1 : 0), list.length);

/** Zeros at the end are what a list that has run out answers anyway. */
function withoutTail(list: readonly number[]): readonly number[] {
  let end = list.length;
  while (end > 0 && list[end - 1] === 0) end--;
  return list.slice(0, end);
}
