import { status, type StatusObject } from '@grpc/grpc-js';
import { timerAt, type Timer } from '../base/timer.js';
import type { ClientCallContext } from '../context.js';
import type { CallEnd, ClientHooks, EndOrigin } from '../hooks.js';
import type { Ending } from '../pass/ending.js';
import type { Gate, HookChain } from '../pass/hook-chain.js';
import { MessageQueue } from '../pass/message-queue.js';
import { StatusError, toStatusObject } from '../status/status-error.js';
import type { Caller } from './caller.js';
import type { ClientCall } from './client-call.js';
import { asTold } from './owed-message.js';

/** The pass whose life this is: what it has to do when the call ends. */
export interface ClientLifeOwner extends Gate {
  /** Nothing goes in or out any more. */
  settled(): void;
  /** All have been told. */
  letGo(): void;
}

/**
 * The life of one pass over a client call, which only goes forward: *starting* until all interceptors have admitted the
 * call, *running* from when the layer below is there, and *ended* with the first {@link Ending} that is given here.
 */
export class ClientLife {
  readonly requests = new MessageQueue();
  readonly responses = new MessageQueue();
  /** Who asked the layer below to end the call. */
  asked: EndOrigin | undefined;
  received = 0;
  sent = 0;
  /** Response headers have come. */
  heard = false;
  /** Interceptors wait, and there is no call below yet to notice the deadline. */
  waiting = false;
  private ending: Ending | undefined;
  private finished = false;
  private expiry: Timer | undefined;
  /** Of the pass beyond a foreign interceptor, whose interceptors hear the end when those of this one know the status. */
  private inner: ClientLife | undefined;
  private told: CallEnd | undefined;

  constructor(
    readonly call: ClientCall,
    readonly caller: Caller,
    readonly chain: HookChain<ClientCallContext, ClientHooks>,
    private readonly owner: ClientLifeOwner,
  ) {
    this.requests.hold();
    this.outer?.takeInner(this);
  }

  /** The method owes exactly one response. */
  get owesOne(): boolean {
    return !this.call.options.method_definition.responseStream;
  }

  /** Ends the call as grpc-js does: never before the caller has its call object. */
  end(ending: Ending, below?: number): void {
    if (this.settle(ending)) process.nextTick(() => this.finish(below));
  }

  /** Ends the call with what came from below. */
  conclude(ending: Ending): undefined {
    if (this.settle(ending)) this.finish();
  }

  /** Ends the call at its deadline, for as long as nothing below does. */
  expireInTime(): void {
    this.expiry?.cancel();
    const { remainingMs } = this.call;
    if (this.owner.over || remainingMs === Infinity || Number.isNaN(remainingMs)) return;
    this.expiry = timerAt(Date.now() + remainingMs, () => this.expire());
  }

  private expire(): void {
    const error = new StatusError(status.DEADLINE_EXCEEDED, 'Deadline exceeded');
    this.end({ origin: 'deadline', status: toStatusObject(error), error });
  }

  /** All interceptors have admitted the call. */
  begin(): void {
    this.expiry?.cancel();
    if (!this.waiting) return;
    this.waiting = false;
    this.call.reckonDeadline();
  }

  /** Another pass of the same attempt starts further in: a foreign interceptor in between may make several. */
  takeInner(inner: ClientLife): void {
    if (this.finished) return;
    this.inner?.tellEnd();
    this.inner = inner;
  }

  /** Every ending passes here. The first one counts; from then on nothing goes in or out. */
  private settle(ending: Ending): boolean {
    if (this.owner.over) return false;
    this.ending = ending;
    this.expiry?.cancel();
    this.owner.settled();
    this.requests.empty();
    this.responses.empty();
    return true;
  }

  /** The status goes outwards through the hooks outside `below`; then all whose part began hear the end. */
  private finish(below = this.chain.begun): void {
    const { call, chain, owesOne, received, sent } = this;
    const { status: given, origin, error } = this.ending!;
    const first = asTold(given, owesOne, received);
    const outcome = asTold(chain.onStatus(first, below, this.owner), owesOne, received);
    const { code, details } = outcome;
    if (origin !== 'peer') call.stop(code, details);
    const durationMs = performance.now() - call.startedTicks;
    this.told = { code, details, durationMs, received, sent, error, origin };
    this.finished = true;
    if (this.outer?.inner !== this) this.tellEnd();
    this.tell(outcome === first ? given : outcome);
  }

  private tell(outcome: StatusObject): void {
    const { caller } = this;
    // HTTP/2 keeps the call a while, and must not keep the application's side with it.
    (this as { caller?: Caller }).caller = undefined;
    caller.tell('onReceiveStatus', outcome);
  }

  private tellEnd(): void {
    const { inner, told } = this;
    this.inner = this.told = undefined;
    inner?.tellEnd();
    if (told === undefined) return;
    this.chain.onEnd(told);
    this.owner.letGo();
  }

  private get outer(): ClientLife | undefined {
    return this.call.outer?.life as ClientLife | undefined;
  }
}
