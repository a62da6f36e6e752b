import type { ServerHooks } from './hooks.js';

/** Runs user code inside the scope of every hook from `from` on, the first listed outermost. */
export function enterScopes(
  hooks: readonly ServerHooks[],
  owners: readonly { readonly name: string }[],
  from: number,
  run: () => void,
): void {
  let position = from;
  while (position < hooks.length && hooks[position]!.scope === undefined) position++;
  if (position === hooks.length) {
    run();
    return;
  }
  let entered = false;
  // A scope that runs its content twice must not run the handler twice, and one that forgets must not hang the call.
  hooks[position]!.scope!(() => {
    if (entered) return;
    entered = true;
    enterScopes(hooks, owners, position + 1, run);
  });
  if (!entered) throw new Error(`scope of interceptor '${owners[position]!.name}' did not run what it was given`);
}
