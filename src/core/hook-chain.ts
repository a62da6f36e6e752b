import type { Metadata, StatusObject } from '@grpc/grpc-js';
import type { CallEnd, ClientHooks, ServerHooks } from './hooks.js';
import { isThenable } from './report.js';
import { checkedHooks, runQuietly, throughHooks } from './run-hook.js';
import { isStatus } from './wire-status.js';

/** What an interceptor does for the calls of one method. */
export interface Step<Call, Hooks> {
  /** The interceptor's name, for warnings and for the text of calls that it failed. */
  readonly name: string;
  begin(call: Call): Hooks | void;
}

/** The pass whose interceptors are admitted: it hears what came of that. */
export interface Gate {
  /** The call ended meanwhile: nobody else is admitted. */
  readonly over: boolean;
  /** All have been. */
  admitted(): void;
  /** One makes the call wait. Call {@link HookChain.admit} again when it has settled well. */
  wait(waiting: PromiseLike<unknown>, position: number): void;
  /** One refuses the call. */
  refuse(error: unknown, position: number): void;
}

/** The interceptors of one pass over one call, outermost first: who they are, and the hooks of those whose part began. */
export class HookChain<Call, Hooks extends ServerHooks | ClientHooks> {
  readonly hooks: Hooks[] = [];
  /** The interceptor of each entry of `hooks`. */
  readonly owners: Step<Call, Hooks>[] = [];
  /** Whether any of them has a scope. */
  scoped = false;

  private readonly steps: Step<Call, Hooks>[];
  private next = 0;

  constructor(step: Step<Call, Hooks>) {
    this.steps = [step];
  }

  add(step: Step<Call, Hooks>): void {
    this.steps.push(step);
  }

  /** Takes over the interceptors of a neighbouring pass that has not begun. */
  absorb(neighbour: HookChain<Call, Hooks>): void {
    this.steps.push(...neighbour.steps);
  }

  /** Lets the interceptors in, in order, from where it stopped; no promise is made while nobody waits. */
  admit(call: Call, gate: Gate): void {
    while (this.next < this.steps.length) {
      if (gate.over) return;
      const position = this.hooks.length;
      try {
        const waiting = this.begin(this.steps[this.next++]!, call)?.admit?.();
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

  /** The name of the interceptor at a position, be its part begun or about to. */
  nameAt(position: number): string {
    return (this.owners[position] ?? this.steps[this.next - 1])?.name ?? 'unknown';
  }

  /** A request message on its way in; see {@link throughHooks}. */
  inwards(name: 'onRequest' | 'onResponse', message: unknown): unknown {
    return throughHooks(this.hooks, name, message, 0, 1);
  }

  /** A message on its way out, inner hooks first. */
  outwards(name: 'onRequest' | 'onResponse', message: unknown): unknown {
    return throughHooks(this.hooks, name, message, this.hooks.length - 1, -1);
  }

  onHeaders(headers: Metadata): void {
    for (let i = this.hooks.length - 1; i >= 0; i--) runQuietly(this.hooks[i]!, this.owners[i]!, 'onHeaders', headers);
  }

  /** Takes a status through the hooks outside `below`, inner ones first; `check` makes a replacement fit to be sent. */
  onStatus(status: StatusObject, below: number, check: (status: StatusObject) => StatusObject): StatusObject {
    for (let i = below - 1; i >= 0; i--) {
      const replacement = runQuietly(this.hooks[i]!, this.owners[i]!, 'onStatus', status);
      if (isStatus(replacement) && replacement !== status) status = check(replacement);
    }
    return status;
  }

  /** The end, to everyone whose part began. */
  onEnd(end: CallEnd): void {
    for (let i = this.hooks.length - 1; i >= 0; i--) runQuietly(this.hooks[i]!, this.owners[i]!, 'onEnd', end);
  }

  private begin(step: Step<Call, Hooks>, call: Call): Hooks | undefined {
    const hooks = checkedHooks<Hooks>(step.begin(call), step.name);
    if (hooks === undefined) return undefined;
    this.hooks.push(hooks);
    this.owners.push(step);
    if ('scope' in hooks && hooks.scope !== undefined) this.scoped = true;
    return hooks;
  }
}
