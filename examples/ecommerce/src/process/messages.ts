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
  | { readonly type: 'stop' };

/** What it tells. */
export type FromChild =
  | { readonly type: 'progress'; readonly what: string }
  | { readonly type: 'ready'; readonly database: string }
  | { readonly type: 'failed'; readonly message: string };
