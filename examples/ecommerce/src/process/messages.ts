import type { MetricObjectWithValues, MetricValue } from 'prom-client';
import type { Config } from '../config.js';
import type { Replica } from '../plan.js';

/** What a process of services is told. */
export type ToChild =
  | {
      readonly type: 'start';
      readonly config: Config;
      readonly replicas: readonly Replica[];
      readonly prepare: boolean;
    }
  | { readonly type: 'measure'; readonly id: number }
  | { readonly type: 'stop' };

/** What it tells. */
export type FromChild =
  | { readonly type: 'progress'; readonly what: string }
  | { readonly type: 'ready'; readonly database: string }
  | { readonly type: 'failed'; readonly message: string }
  | { readonly type: 'measured'; readonly id: number; readonly metrics: Measurement };

/** What prom-client's registry holds, in a form that travels. */
export type Measurement = MetricObjectWithValues<MetricValue<string>>[];
