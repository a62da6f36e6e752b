/** Something to measure: `run` does `operations` operations and resolves when all are done. */
export interface Variant {
  readonly name: string;
  run(operations: number): Promise<void> | void;
}

/** What was measured of one variant, in CPU microseconds per operation. */
export interface Measured {
  readonly name: string;
  readonly median: number;
  readonly lowest: number;
  readonly highest: number;
}

export interface RoundOptions {
  /** @default 15 */
  readonly rounds?: number;
  /** Per variant and round. @default 20,000 */
  readonly operations?: number;
  /** Rounds that are run and not counted. @default 3 */
  readonly warmup?: number;
}

/**
 * Runs the variants in turn, round by round, so that a machine that slows down slows all of them, and takes medians of
 * CPU time, since wall time on a shared machine says more about the neighbours.
 */
export async function inRounds(variants: readonly Variant[], options: RoundOptions = {}): Promise<Measured[]> {
  const { rounds = 15, operations = 20_000, warmup = 3 } = options;
  const samples = variants.map(() => [] as number[]);
  for (let round = -warmup; round < rounds; round++) {
    for (const [index, variant] of variants.entries()) {
      globalThis.gc?.();
      const before = process.cpuUsage();
      await variant.run(operations);
      const { user, system } = process.cpuUsage(before);
      if (round >= 0) samples[index]!.push((user + system) / operations);
    }
  }
  return variants.map(({ name }, index) => summary(name, samples[index]!));
}

function summary(name: string, samples: number[]): Measured {
  const sorted = samples.toSorted((a, b) => a - b);
  return { name, median: sorted[Math.floor(sorted.length / 2)]!, lowest: sorted[0]!, highest: sorted.at(-1)! };
}
