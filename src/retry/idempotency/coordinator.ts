import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ServerCallContext } from '../../core/context.js';
import type { StatusError } from '../../core/status/status-error.js';
import { BoundedStore } from './bounded-store.js';
import { fingerprintOf } from './fingerprint.js';
import type { ActiveIdempotency, IdempotencyDecision } from './options.js';
import type { IdempotencyOutcome } from '../../core/shared/idempotency-outcome.js';
import { busyElsewhere, keyReused, lostOutcome, storeFailed, storeFull } from './refusals.js';
import { Run } from './run.js';
import { idText, type Claim, type IdempotencyId } from '../../core/shared/idempotency-store.js';

/** How often another process's run is asked for, at first and at most. */
const FIRST_POLL_MS = 25;
const MAX_POLL_MS = 1000;

/** What a call with a key is to do: run its handler, answer with an outcome, or nothing, since it has ended meanwhile. */
export type Part = { readonly run: Run } | { readonly outcome: IdempotencyOutcome } | undefined;

/** Lets each request run once per key: others wait for its outcome, in this process or, through the store, in another. */
export class Coordinator {
  private readonly running = new Map<string, Run>();
  private readonly store: BoundedStore;

  constructor(private readonly options: ActiveIdempotency) {
    this.store = new BoundedStore(options.store, options.storeTimeoutMs);
  }

  /** @throws StatusError when the key belongs to another request, or its state cannot be known. */
  async take(call: ServerCallContext, key: string, message: unknown): Promise<Part> {
    const id: IdempotencyId = { caller: this.options.caller(call), method: call.method.path, key };
    const fingerprint = fingerprintOf(message);
    const giveUpAt = performance.now() + this.options.waitMs;
    let poll = FIRST_POLL_MS;
    while (!call.signal.aborted) {
      const other = this.running.get(idText(id));
      const part = await (other === undefined
        ? this.claim(call, new Run(id, fingerprint, randomUUID()))
        : this.join(call, other, fingerprint));
      if (part === 'again') continue;
      if (part !== 'elsewhere') return part;
      if (performance.now() >= giveUpAt) throw this.refuse(call, 'runningElsewhere', busyElsewhere());
      await sleep(poll, undefined, { signal: call.signal, ref: false }).catch(() => undefined);
      poll = Math.min(poll * 2, MAX_POLL_MS);
    }
    return undefined;
  }

  /** The run is over: keeps the outcome, if it is one for good, and tells those who wait. `done`: it is one, whatever its code. */
  async conclude(
    call: ServerCallContext,
    run: Run,
    outcome: IdempotencyOutcome | undefined,
    done = false,
  ): Promise<void> {
    const { final, ttlMs } = this.options;
    if (outcome !== undefined && (done || final.has(outcome.code))) {
      run.settle(outcome);
      await this.keep(call, run, outcome, ttlMs);
    } else {
      // In this order: whoever waits claims the key as soon as it is told.
      await this.store.release(run.id, run.owner);
    }
    this.drop(run);
  }

  /** What cannot be kept is reported, and its place taken by a small failure: a duplicate must not run again. */
  private async keep(call: ServerCallContext, run: Run, outcome: IdempotencyOutcome, ttlMs: number): Promise<void> {
    let cause: unknown;
    try {
      if (await this.store.finish(run.id, run.owner, outcome, ttlMs)) return;
    } catch (error) {
      cause = error;
    }
    this.tell(call, 'outcomeLost', cause);
    await this.store.finish(run.id, run.owner, lostOutcome(), ttlMs).catch(() => undefined);
  }

  /** Nobody will hear how the run ended. Its claim in the store ends with the lease. */
  drop(run: Run): void {
    const key = idText(run.id);
    if (this.running.get(key) === run) this.running.delete(key);
    run.settle(undefined);
  }

  private async join(call: ServerCallContext, run: Run, fingerprint: string): Promise<Part | 'again' | 'elsewhere'> {
    if (run.fingerprint !== fingerprint) {
      // Until the store has said whose the key is, either of the two may be the impostor.
      if (!run.confirmed) return 'elsewhere';
      throw this.refuse(call, 'keyReused', keyReused());
    }
    const outcome = await run.outcome;
    if (outcome === undefined) return 'again';
    this.tell(call, 'coalesced');
    return { outcome };
  }

  private async claim(call: ServerCallContext, run: Run): Promise<Part | 'elsewhere'> {
    // Before anything is awaited: whoever comes next finds it.
    this.running.set(idText(run.id), run);
    try {
      return await this.follow(call, run, await this.ask(call, run));
    } catch (error) {
      this.drop(run);
      throw error;
    }
  }

  private async ask(call: ServerCallContext, { id, fingerprint, owner }: Run): Promise<Claim> {
    const { leaseMs, refuses } = this.options;
    try {
      return await this.store.claim(id, { fingerprint, owner, leaseMs });
    } catch (error) {
      this.tell(call, 'storeFailed', error);
      if (refuses) throw storeFailed(error);
      return { state: 'claimed' };
    }
  }

  private async follow(call: ServerCallContext, run: Run, claim: Claim): Promise<Part | 'elsewhere'> {
    if (claim.state === 'full') throw this.refuse(call, 'storeFull', storeFull(claim.retryAfterMs));
    if (claim.state !== 'claimed') {
      if (claim.fingerprint !== run.fingerprint) throw this.refuse(call, 'keyReused', keyReused());
      this.drop(run);
      if (claim.state === 'running') return 'elsewhere';
      this.tell(call, 'replayed');
      return { outcome: claim.outcome };
    }
    if (call.signal.aborted) {
      await this.conclude(call, run, undefined);
      return undefined;
    }
    run.confirmed = true;
    this.tell(call, 'run');
    return { run };
  }

  private refuse(call: ServerCallContext, decision: IdempotencyDecision, refusal: StatusError): StatusError {
    this.tell(call, decision);
    return refusal;
  }

  private tell({ method }: ServerCallContext, decision: IdempotencyDecision, error?: unknown): void {
    this.options.onDecision?.({ method, decision, error });
  }
}
