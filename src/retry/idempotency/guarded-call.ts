import { Metadata, status, type StatusObject } from '@grpc/grpc-js';
import type { ServerCallContext } from '../../core/context.js';
import type { CallEnd, ServerHooks } from '../../core/hooks.js';
import { answerCall, onLateResult, type LateResult } from '../../core/server/server-call.js';
import { StatusError } from '../../core/status/status-error.js';
import { snapshotOf } from '../../core/shared/snapshot.js';
import type { Coordinator } from './coordinator.js';
import { failureOf, statusOf, successOf, type IdempotencyOutcome } from '../../core/shared/idempotency-outcome.js';
import type { Run } from './run.js';

/** Trailer of an answer that an earlier run gave. */
const REPLAYED = 'idempotency-replayed';

/** One call with a key: runs its handler and keeps the outcome, or is answered with the outcome of an earlier run. */
export class GuardedCall implements ServerHooks {
  private run: Run | undefined;
  private handlerStarted = false;
  private asked = false;
  private response: { readonly message: unknown } | undefined;
  private chosen: StatusObject | undefined;
  private lease: NodeJS.Timeout | undefined;

  constructor(
    private readonly coordinator: Coordinator,
    private readonly call: ServerCallContext,
    private readonly key: string,
    private readonly leaseMs: number,
  ) {}

  async onRequest(message: unknown): Promise<void> {
    // A second message is a mistake of the client's, which grpc-js answers: it must not wait for its own call.
    if (this.asked) return;
    this.asked = true;
    const part = await this.coordinator.take(this.call, this.key, message);
    if (part === undefined) return;
    if ('outcome' in part) {
      this.replay(part.outcome);
      return;
    }
    this.run = part.run;
    onLateResult(this.call, (result) => this.late(result));
  }

  scope<T>(run: () => T): T {
    this.handlerStarted = true;
    return run();
  }

  onResponse(message: unknown): void {
    // As it is now: what the handler does with its object later is not what this caller was sent.
    if (this.run !== undefined) this.response = { message: snapshotOf(message) };
  }

  onStatus(chosen: StatusObject): void {
    this.chosen = chosen;
  }

  onEnd({ code, details, origin }: CallEnd): void {
    if (this.run === undefined) return;
    const { response, chosen } = this;
    // A response that could not be serialised, or was too large: the handler has done its work, and this came of it for good.
    if (response !== undefined && origin === 'transport') this.conclude(unsent(code, details), true);
    else if (response !== undefined) this.conclude(successOf(response.message, chosen?.metadata));
    else if (origin === 'handler' || !this.handlerStarted) this.conclude(chosen && failureOf(chosen));
    else this.awaitLateResult(this.run);
  }

  /** The client is gone and the handler runs on: what it does in the end is what the next attempt is told. */
  private awaitLateResult(run: Run): void {
    // Its outcome is handed to the store all the same, which says whether the claim is still this run's.
    this.lease = setTimeout(() => this.coordinator.drop(run), this.leaseMs);
    this.lease.unref();
  }

  private late(result: LateResult): void {
    clearTimeout(this.lease);
    if ('message' in result) this.conclude(successOf(result.message, undefined));
    else this.conclude(lateFailure(result.status));
  }

  private conclude(outcome: IdempotencyOutcome | undefined, done = false): void {
    const { run } = this;
    this.run = undefined;
    if (run !== undefined) void this.coordinator.conclude(this.call, run, outcome, done);
  }

  private replay(outcome: IdempotencyOutcome): void {
    const end = statusOf(outcome);
    const { responseTrailers } = this.call;
    responseTrailers.set(REPLAYED, 'true');
    if (outcome.code !== status.OK) throw StatusError.from(end);
    responseTrailers.merge(end.metadata);
    answerCall(this.call, snapshotOf(outcome.message));
  }
}

function lateFailure({
  code,
  details,
  metadata,
}: Extract<LateResult, { status: unknown }>['status']): IdempotencyOutcome {
  return failureOf({ code: code as status, details: String(details), metadata: metadata ?? new Metadata() });
}

const unsent = (code: status, details: string): IdempotencyOutcome =>
  failureOf({ code, details, metadata: new Metadata() });
