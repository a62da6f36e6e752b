/** Does something so often, some at a time; gives back how often a second. */
export async function rateOf(times: number, atOnce: number, once: (turn: number) => Promise<unknown>): Promise<number> {
  let begun = 0;
  const worker = async () => {
    while (begun < times) await once(begun++);
  };
  const startedAt = performance.now();
  await Promise.all(Array.from({ length: atOnce }, worker));
  return (times * 1_000) / (performance.now() - startedAt);
}
