import type { CallContext } from '../core/context.js';
import type { CallEnd } from '../core/hooks.js';
import type { Method } from '../core/method.js';
import type { Family } from './exposition.js';
import type { LabelSets, Labelled } from './labels.js';

/** The hooks that count, on either side. */
export interface CountingHooks {
  onRequest?(message: unknown): void;
  onResponse?(message: unknown): void;
  onEnd(end: CallEnd): void;
}

/** Counts the calls of one method, the first thing when one begins. */
export type CallCounter = (call: CallContext, labelled: Labelled) => CountingHooks;

/** A way to name and shape metrics: its families on a registry, and the numbers behind them. */
export interface Style {
  readonly families: readonly Family[];
  readonly labelSets: LabelSets;
  counterFor(method: Method): CallCounter;
  /** Shows all series of a method from zero, before there is a call. */
  startAtZero(method: Method): void;
}

export type Side = 'server' | 'client';

/** An interceptor's two steps: what to do per method, and per call. */
export type Meter = (method: Method) => (call: CallContext) => CountingHooks | undefined;
