import type { Method } from '../../core/method.js';
import { Family, type Labels, type Sample } from '../exposition.js';
import { methodLabels, observed } from './method-labels.js';

/** What became of a call; `would_refuse`: a dry run admitted it. */
export type Verdict = 'admitted' | 'refused' | 'would_refuse';

interface Verdicts {
  readonly labels: Labels;
  readonly counts: Record<Verdict, number>;
}

/**
 * Decisions about calls, by method and by who decided. There is one for every call, so a count is found by two look-ups
 * and without making a text. All three verdicts are shown from the first decision on: a first refusal is an increase.
 */
export class DecisionCounts {
  readonly family: Family;
  private readonly methods = new Map<string, Map<string, Verdicts>>();

  /** @param labelsOf Further labels, made once for each limiter of a method. */
  constructor(
    name: string,
    help: string,
    private readonly labelsOf: (limiter: string) => Labels,
  ) {
    this.family = new Family(
      { name, help, type: 'counter' },
      () => this.every.flatMap(samplesOf),
      () => this.every.forEach(({ counts }) => Object.assign(counts, none())),
    );
  }

  add(method: Method, limiter: string, verdict: Verdict): void {
    this.of(method, limiter).counts[verdict]++;
  }

  private of(method: Method, limiter: string): Verdicts {
    const { path } = observed.of(method);
    let limiters = this.methods.get(path);
    if (limiters === undefined) this.methods.set(path, (limiters = new Map<string, Verdicts>()));
    let verdicts = limiters.get(limiter);
    if (verdicts === undefined) {
      verdicts = { labels: { ...methodLabels(method), ...this.labelsOf(limiter) }, counts: none() };
      limiters.set(limiter, verdicts);
    }
    return verdicts;
  }

  private get every(): Verdicts[] {
    return [...this.methods.values()].flatMap((limiters) => [...limiters.values()]);
  }
}

const none = (): Verdicts['counts'] => ({ admitted: 0, refused: 0, would_refuse: 0 });

function samplesOf({ labels, counts }: Verdicts): Sample[] {
  return Object.entries(counts).map(([decision, value]) => ({ labels: { ...labels, decision }, value }));
}
