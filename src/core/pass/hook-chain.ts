import type { Metadata, StatusObject } from '@grpc/grpc-js';
import type { CallEnd, ClientHooks, ServerHooks } from '../hooks.js';
import { isThenable } from '../base/report-failure.js';
import { checkedHooks, runQuietly, throughHooks } from './run-hook.js';
import type { Step, Steps } from './steps.js';
import { isStatus } from '../status/wire-status.js';

/** The pass whose interceptors are admitted: it hears what came of that. */
export interface Gate {
  /** The call ended meanwhile: nobody else is admitted. */
  readonly over: boolean;
  /** How the call ended, once that is known. */
  readonly endedAs?: CallEnd | undefined;
  /** All have been. */
  admitted(): void;
  /** One makes the call wait. Call {@link HookChain.admit} again when it has settled well. */
  wait(waiting: PromiseLike<unknown>, position: number): void;
  /** One refuses the call. */
  refuse(error: unknown, position: number): void;
  /** A status that a hook put in the place of another, fit to be sent. @default as it is */
  checked?(replacement: StatusObject): StatusObject;
}

const NONE: readonly never[] = [];

/** The interceptors of one pass over one call, and the hooks of those whose part began, each at its interceptor's place. */
export class HookChain<Call, Hooks extends ServerHooks | ClientHooks> {
  /** An interceptor that does nothing for this call has none. */
  hooks: readonly (Hooks | undefined)[] = NONE;
  /** How many interceptors' part began. */
  begun = 0;
  /** Whether any of them has a scope. */
  scoped = false;
  /** Whether any of them listens for headers. */
  awaitsHeaders = false;

  constructor(public steps: Steps<Call, Hooks>) {}

  /** Takes in the interceptors of an inner neighbour whose part has not begun. */
  join(neighbour: Steps<Call, Hooks>): void {
    this.steps = this.steps.and(neighbour);
  }

  /** Lets the interceptors in, in order, from where it stopped; no promise is made while nobody waits. */
  admit(call: Call, gate: Gate): void {
    const { list } = this.steps;
    while (this.begun < list.length) {
      if (gate.over) return;
      const position = this.begun++;
      try {
        const hooks = this.begin(list[position]!, position, call);
        if (gate.over) {
          this.tooLate(position, gate);
          return;
        }
        const waiting = hooks?.admit?.();
        if (isThenable(waiting)) {
          gate.wait(waiting, position);
          return;
        }
      } catch (error) {
        gate.refuse(error, position);
        return;
      }
    }
    if (!gate.over) gate.admitted();
  }

  /** The name of the interceptor at a position. */
  nameAt(position: number): string {
    return this.steps.list[position]?.name ?? 'unknown';
  }

  /** A request message on its way in; see {@link throughHooks}. */
  inwards(name: 'onRequest' | 'onResponse', message: unknown): unknown {
    return throughHooks(this.hooks, name, message, 0, 1);
  }

  /** A message on its way out, inner hooks first. */
  outwards(name: 'onRequest' | 'onResponse', message: unknown): unknown {
    return throughHooks(this.hooks, name, message, this.begun - 1, -1);
  }

  onHeaders(headers: Metadata): void {
    if (!this.awaitsHeaders) return;
    for (let i = this.begun - 1; i >= 0; i--) this.tell(i, 'onHeaders', headers);
  }

  /** Takes a status through the hooks outside `below`, inner ones first. */
  onStatus(status: StatusObject, below: number, gate: Gate): StatusObject {
    for (let i = below - 1; i >= 0; i--) {
      const replacement = this.tell(i, 'onStatus', status);
      if (!isStatus(replacement) || replacement === status) continue;
      status = gate.checked?.(replacement) ?? replacement;
    }
    return status;
  }

  /** The end, to everyone whose part began; then the hooks are released, unless their scopes are still needed. */
  onEnd(end: CallEnd, keepScopes = false): void {
    for (let i = this.begun - 1; i >= 0; i--) this.tell(i, 'onEnd', end);
    if (!keepScopes) this.release();
  }

  /**
   * Lets the hooks go: HTTP/2 keeps a call in memory long after its end, until the next major collection, and everything
   * that hangs on it is moved about meanwhile.
   */
  release(): void {
    this.hooks = NONE;
  }

  private tell(position: number, name: 'onHeaders' | 'onStatus' | 'onEnd', argument: unknown): unknown {
    const hooks = this.hooks[position] as { [N in typeof name]?: (argument: unknown) => unknown } | undefined;
    return hooks?.[name] && runQuietly(this.nameAt(position), name, hooks[name], argument, hooks);
  }

  /** The interceptor itself ended the call while its part began: it hears of the end like the others. */
  private tooLate(position: number, { endedAs }: Gate): void {
    if (endedAs !== undefined) this.tell(position, 'onEnd', endedAs);
  }

  private begin(step: Step<Call, Hooks>, position: number, call: Call): Hooks | undefined {
    const hooks = checkedHooks<Hooks>(step.begin(call), step.name);
    if (hooks !== undefined) this.keep(hooks, position);
    return hooks;
  }

  private keep(hooks: Hooks & ServerHooks, position: number): void {
    // As long as it will ever be: an array that grows takes room for seventeen.
    if (this.hooks.length === 0) this.hooks = new Array<Hooks | undefined>(this.steps.list.length);
    (this.hooks as (Hooks | undefined)[])[position] = hooks;
    if (hooks.scope !== undefined) this.scoped = true;
    if (hooks.onHeaders !== undefined) this.awaitsHeaders = true;
  }
}
