import type { CallContext } from '../../core/context.js';
import { LabelSets, type LabelFunctions, type Labelled } from '../labels.js';
import type { MetricsSettings } from '../options.js';

/** The extra labels of the calls of one interceptor, as attributes. */
export class ExtraLabels {
  private readonly sets: LabelSets;
  private readonly owner: string;
  private readonly functions: LabelFunctions;
  private readonly none: Labelled | undefined;

  constructor({ owner, labels, maxLabelValues }: MetricsSettings) {
    this.owner = owner;
    this.functions = labels;
    this.sets = new LabelSets(Object.keys(labels), maxLabelValues);
    this.none = this.sets.names.length === 0 ? this.sets.empty : undefined;
  }

  of(call: CallContext): Labelled {
    return this.none ?? this.sets.of(this.owner, this.functions, call);
  }
}
