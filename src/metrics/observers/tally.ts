import { Family, type Labels } from '../exposition.js';

interface Count {
  readonly labels: Labels;
  value: number;
}

/**
 * A counter for what is rare beside calls, such as retries: finding a count takes a text of all its labels' values.
 * Whoever counts sees to it that there is a bounded number of values.
 */
export class Tally {
  readonly family: Family;
  private readonly counts = new Map<string, Count>();

  constructor(
    name: string,
    help: string,
    private readonly labelNames: readonly string[],
  ) {
    this.family = new Family(
      { name, help, type: 'counter' },
      () => [...this.counts.values()].map(({ labels, value }) => ({ labels, value })),
      () => this.counts.forEach((count) => (count.value = 0)),
    );
  }

  /** Adds one, to the values of the labels in their order. */
  add(values: readonly string[]): void {
    const key = JSON.stringify(values);
    let count = this.counts.get(key);
    if (count === undefined) {
      count = { labels: Object.fromEntries(this.labelNames.map((name, index) => [name, values[index]!])), value: 0 };
      this.counts.set(key, count);
    }
    count.value++;
  }
}
