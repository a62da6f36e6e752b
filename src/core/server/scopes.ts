import type { ServerHooks } from '../hooks.js';

/** Hooks, each at its interceptor's place. */
export interface ScopeChain {
  readonly hooks: readonly (ServerHooks | undefined)[];
  nameAt(position: number): string;
}

/** Runs user code inside the scope of every hook from `from` on, the first listed outermost. */
export function enterScopes(chain: ScopeChain, from: number, run: () => void): void {
  const { hooks } = chain;
  let position = from;
  while (position < hooks.length && hooks[position]?.scope === undefined) position++;
  if (position === hooks.length) {
    run();
    return;
  }
  let entered = false;
  // A scope that runs its content twice must not run the handler twice, and one that forgets must not hang the call.
  hooks[position]!.scope!(() => {
    if (entered) return;
    entered = true;
    enterScopes(chain, position + 1, run);
  });
  if (!entered) throw new Error(`scope of interceptor '${chain.nameAt(position)}' did not run what it was given`);
}
