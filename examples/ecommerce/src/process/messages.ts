import type { MetricObjectWithValues, MetricValue } from 'prom-client';
import type { Config } from '../config.js';
import type { Replica } from '../plan.js';

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
  | { readonly type: 'answer'; readonly id: number; readonly metrics: Measurement };

/** What it is asked while it serves: to count, or to have an accident. */
export type Question =
  { readonly about: 'metrics' } | { readonly about: 'replica'; readonly name: string; readonly accident: Accident };

/** What prom-client's registry holds, in a form that travels. */
export type Measurement = MetricObjectWithValues<MetricValue<string>>[];
