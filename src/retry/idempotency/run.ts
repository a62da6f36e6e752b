import type { IdempotencyOutcome } from '../../core/shared/idempotency-outcome.js';
import type { IdempotencyId } from '../../core/shared/idempotency-store.js';

/**
 * One run of a request under its key, in this process. Others that come with the same key meanwhile wait for its outcome;
 * undefined means that there is none, and that one of them may run.
 */
export class Run {
  readonly outcome: Promise<IdempotencyOutcome | undefined>;
  settle!: (outcome: IdempotencyOutcome | undefined) => void;
  /** The key is this run's: its store has said so. */
  confirmed = false;

  constructor(
    readonly id: IdempotencyId,
    readonly fingerprint: string,
    /** Random: tells this run's claim from a later one's. */
    readonly owner: string,
  ) {
    this.outcome = new Promise((resolve) => (this.settle = resolve));
  }
}
