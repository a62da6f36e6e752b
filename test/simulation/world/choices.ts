/** One decision of a run: which of how many, and about what. */
export interface Decision {
  readonly value: number;
  readonly among: number;
  readonly about: string;
}

/**
 * Where all decisions of a run come from: a seed, or a list of decisions made before. 0 is always the tamest choice, and
 * a list that has run out answers 0, so that a list is shrunk by leaving decisions out and by lowering them.
 */
export class Choices {
  readonly made: Decision[] = [];
  private state: number;

  constructor(
    seed: number,
    private readonly given?: readonly number[],
  ) {
    this.state = (Math.imul(seed, 0x9e3779b1) ^ 0x5bf03635) >>> 0;
  }

  /** One of `among` possibilities; 0 more often than the others, by `bias` (0: all alike). */
  pick(among: number, about: string, bias = 0): number {
    const value = this.given === undefined ? this.draw(among, bias) : Math.min(this.next(), among - 1);
    this.made.push({ value, among, about });
    return value;
  }

  /** True with a probability of `percent`. */
  chance(percent: number, about: string): boolean {
    const value = this.given === undefined ? (this.random() * 100 < percent ? 1 : 0) : Math.min(this.next(), 1);
    this.made.push({ value, among: 2, about });
    return value === 1;
  }

  /** One of a list, whose first is the tamest. */
  of<T>(list: readonly T[], about: string, bias = 0): T {
    return list[this.pick(list.length, about, bias)]!;
  }

  private next(): number {
    return this.given![this.made.length] ?? 0;
  }

  private draw(among: number, bias: number): number {
    if (bias > 0 && this.random() < bias) return 0;
    return Math.floor(this.random() * among);
  }

  /** The generator known as mulberry32. */
  private random(): number {
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let mixed = this.state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }
}
