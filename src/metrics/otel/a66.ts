import type { status } from '@grpc/grpc-js';
import { isAttempt } from '../../core/client/client-call.js';
import type { CallContext, ClientCallContext } from '../../core/context.js';
import { fullName } from '../../core/match.js';
import type { Method } from '../../core/method.js';
import { statusName } from '../../core/status/status-name.js';
import type { Meter, Side } from '../style.js';
import type { Attributes, InstrumentOptions, MeterLike } from './api.js';
import { AttributeCache } from './attribute-cache.js';
import { A66_BUCKETS } from './conventions.js';
import { countStart, DurationRecord, targetOf } from './duration-record.js';
import type { ExtraLabels } from './extra-labels.js';

type Counter = ReturnType<MeterLike['createCounter']>;
type Histogram = ReturnType<MeterLike['createHistogram']>;

/** A count of what began, if A66 has one, and the durations of what ended. */
interface Instruments {
  readonly started?: Counter;
  readonly durations: Histogram;
}

/**
 * The counts and durations of gRFC A66. Sizes of messages are left out: they are known below interceptors only. On a
 * client, attempts are what the interceptor sees inside a retry, and calls what it sees elsewhere.
 */
export function a66Meter(side: Side, owner: string, meter: MeterLike, extra: ExtraLabels): Meter {
  const choose = side === 'server' ? serverInstruments(meter) : clientInstruments(meter);
  return (method) => {
    const beginning = new AttributeCache((_code, target, labels) => ({ ...labels, ...baseAttributes(method, target) }));
    const ending = new AttributeCache((code, target, labels) => ({
      ...labels,
      ...baseAttributes(method, target),
      'grpc.status': statusName(code),
    }));
    return (call) => {
      const { started, durations } = choose(call);
      const labelled = extra.of(call);
      if (started !== undefined) countStart(owner, started, beginning.of(ANY_CODE, targetOf(side, call), labelled));
      return new DurationRecord(side, durations, ending, labelled, call);
    };
  };
}

/** What begins has no code yet. */
const ANY_CODE = 0 as status;

function baseAttributes(method: Method, target: string): Attributes {
  return { 'grpc.method': fullName(method), ...(target === '' ? {} : { 'grpc.target': target }) };
}

function serverInstruments(meter: MeterLike): (call: CallContext) => Instruments {
  const calls: Instruments = {
    started: meter.createCounter('grpc.server.call.started', { description: 'Calls that began.', unit: '{call}' }),
    durations: meter.createHistogram('grpc.server.call.duration', seconds('Time to answer a call.')),
  };
  return () => calls;
}

function clientInstruments(meter: MeterLike): (call: CallContext) => Instruments {
  const calls: Instruments = {
    durations: meter.createHistogram('grpc.client.call.duration', seconds('Time of a call, with all its attempts.')),
  };
  const attempts: Instruments = {
    started: meter.createCounter('grpc.client.attempt.started', {
      description: 'Attempts that began.',
      unit: '{attempt}',
    }),
    durations: meter.createHistogram('grpc.client.attempt.duration', seconds('Time of an attempt.')),
  };
  return (call) => (isAttempt(call as ClientCallContext) ? attempts : calls);
}

function seconds(description: string): InstrumentOptions {
  return { description, unit: 's', advice: { explicitBucketBoundaries: A66_BUCKETS } };
}
