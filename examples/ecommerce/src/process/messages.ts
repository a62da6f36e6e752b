import type { MetricObjectWithValues, MetricValue } from 'prom-client';
import type { Finding } from '../books/books.js';
import type { Config } from '../config.js';
import type { Fault } from '../gateway/contract.js';
import type { Replica } from '../plan.js';
import type { Batch } from '../telemetry/batch.js';
import type { TraceRecord } from '../telemetry/traces.js';

/** What may happen to a replica. */
export type Accident = 'stop' | 'start' | 'hang' | 'resume';

/** What a process of services is told. */
export type ToChild =
  | {
      readonly type: 'start';
      readonly config: Config;
      readonly replicas: readonly Replica[];
      readonly prepare: boolean;
    }
  | { readonly type: 'ask'; readonly id: number; readonly question: Question }
  | { readonly type: 'stop' };

/** What it tells. */
export type FromChild =
  | { readonly type: 'progress'; readonly what: string }
  | { readonly type: 'ready'; readonly database: string }
  | { readonly type: 'failed'; readonly message: string }
  | { readonly type: 'answer'; readonly id: number; readonly answer: unknown };

/** What it is asked while it serves: to count, to remember, to have an accident, or to be at fault. */
export type Question =
  | { readonly about: 'metrics' }
  /** Somebody looks, at the details of so large a share of the traces. Nobody does any more: 0. */
  | { readonly about: 'telemetry'; readonly share: number }
  | { readonly about: 'books' }
  | { readonly about: 'trace'; readonly traceId: string }
  | { readonly about: 'replica'; readonly name: string; readonly accident: Accident }
  | { readonly about: 'faults'; readonly faults: readonly Fault[] };

/** What is answered. */
export interface Answers {
  readonly metrics: Measurement;
  /** What happened since it was last asked. */
  readonly telemetry: Batch | undefined;
  readonly books: readonly Finding[] | undefined;
  readonly trace: TraceRecord | undefined;
  readonly replica: undefined;
  readonly faults: undefined;
}

/** What prom-client's registry holds, in a form that travels. */
export type Measurement = MetricObjectWithValues<MetricValue<string>>[];
