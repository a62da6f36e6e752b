/** Something to measure: `run` does `operations` operations and resolves when all are done. */
export interface Variant {
  readonly name: string;
  run(operations: number): Promise<void> | void;
}

/** What was measured of one variant, in CPU microseconds per operation: quartiles over the rounds. */
export interface Measured {
  readonly name: string;
  readonly lower: number;
  readonly median: number;
  readonly upper: number;
}

export interface RoundOptions {
  /** @default 40 */
  readonly rounds?: number;
  /** Per variant and round. @default 5,000 */
  readonly operations?: number;
  /** Rounds that are run and not counted. @default 8 */
  readonly warmup?: number;
}

/**
 * Runs the variants in turn, round by round, so that a machine that slows down slows all of them, and takes medians of
 * CPU time, since wall time on a shared machine says more about the neighbours.
 */
export async function inRounds(variants: readonly Variant[], options: RoundOptions = {}): Promise<Measured[]> {
  const { rounds = 40, operations = 5_000, warmup = 8 } = options;
  const samples = variants.map(() => [] as number[]);
  for (let round = -warmup; round < rounds; round++) {
    for (const [index, variant] of variants.entries()) {
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
  const quartile = (quarter: number): number => sorted[Math.floor(((sorted.length - 1) * quarter) / 4)]!;
  return { name, lower: quartile(1), median: quartile(2), upper: quartile(3) };
}
