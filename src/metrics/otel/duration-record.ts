import type { CallContext, ClientCallContext } from '../../core/context.js';
import type { CallEnd } from '../../core/hooks.js';
import { reportHookFailure } from '../../core/base/report-failure.js';
import type { Labelled } from '../labels.js';
import type { CountingHooks, Side } from '../style.js';
import type { Attributes, MeterLike } from './api.js';
import type { AttributeCache } from './attribute-cache.js';

/** Where a call goes; only a client has a choice. */
export const targetOf = (side: Side, call: CallContext): string =>
  side === 'client' ? (call as ClientCallContext).target : '';

/** Records how long a call took, at its end. */
export class DurationRecord implements CountingHooks {
  constructor(
    private readonly side: Side,
    private readonly durations: ReturnType<MeterLike['createHistogram']>,
    private readonly attributes: AttributeCache,
    private readonly extra: Labelled,
    private readonly call: CallContext,
  ) {}

  onEnd({ code, durationMs }: CallEnd): void {
    this.durations.record(durationMs / 1000, this.attributes.of(code, targetOf(this.side, this.call), this.extra));
  }
}

/** Counts the beginning of a call, which must begin whatever a meter does. */
export function countStart(
  owner: string,
  started: ReturnType<MeterLike['createCounter']>,
  attributes: Attributes,
): void {
  try {
    started.add(1, attributes);
  } catch (error) {
    reportHookFailure(owner, 'meterProvider', error);
  }
}
