import type { ServerCallContext } from '../context.js';
import type { ServerHooks } from '../hooks.js';
import type { HookChain } from '../pass/hook-chain.js';
import { StatusError, isStatusError } from '../status/status-error.js';

/**
 * Each `onError`, from the hook just outside `below` of a pass outwards, may translate what was thrown. What no hook made
 * a {@link StatusError} of becomes UNKNOWN, without its message.
 */
export function translated(
  passes: readonly { readonly chain: HookChain<ServerCallContext, ServerHooks> }[],
  error: unknown,
  passIndex: number,
  below?: number,
): StatusError {
  let current = error;
  for (let p = passIndex; p >= 0; p--) {
    const { hooks, begun } = passes[p]!.chain;
    for (let i = ((p === passIndex ? below : undefined) ?? begun) - 1; i >= 0; i--) {
      const hook = hooks[i];
      if (hook?.onError === undefined) continue;
      try {
        current = hook.onError(current) ?? current;
      } catch (thrown) {
        current = thrown;
      }
    }
  }
  return isStatusError(current) ? current : StatusError.from(current);
}
