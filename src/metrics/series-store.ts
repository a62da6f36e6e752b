import type { Method } from '../core/method.js';
import type { LabelSets, Labelled } from './labels.js';

/**
 * All numbers of one kind of interceptor on one registry, by method and combination of extra labels: one object for
 * each, found before a call begins where it can be, so that counting is adding one to a field.
 */
export class SeriesStore<S> {
  private readonly methods = new Map<string, MethodSeries<S>>();

  constructor(
    readonly labelSets: LabelSets,
    private readonly make: (method: Method, extra: Labelled['labels']) => S,
  ) {}

  of(method: Method): MethodSeries<S> {
    let found = this.methods.get(method.path);
    if (found === undefined) {
      found = new MethodSeries(method, (extra) => this.make(method, extra));
      this.methods.set(method.path, found);
    }
    return found;
  }

  /** Every method that was asked for. */
  get everyMethod(): MethodSeries<S>[] {
    return [...this.methods.values()];
  }

  /** Every series there is. */
  get every(): S[] {
    return this.everyMethod.flatMap((method) => method.every);
  }
}

/** The series of one method. */
export class MethodSeries<S> {
  /** Calls that are running. */
  inFlight = 0;
  private readonly series = new Map<string, S>();

  constructor(
    readonly method: Method,
    private readonly make: (extra: Labelled['labels']) => S,
  ) {}

  with({ key, labels }: Labelled): S {
    let found = this.series.get(key);
    if (found === undefined) {
      found = this.make(labels);
      this.series.set(key, found);
    }
    return found;
  }

  get every(): S[] {
    return [...this.series.values()];
  }
}
