import type { ClientHooks, ServerHooks } from '../hooks.js';
import { isThenable, reportHookFailure } from '../base/report-failure.js';

type Hooks = ServerHooks | ClientHooks;

/** A message hook threw or rejected: what it threw, and where in the chain it stands. */
export class HookFailure extends Error {
  constructor(
    readonly error: unknown,
    readonly position: number,
  ) {
    super('A hook failed');
  }
}

/**
 * Takes a message through the hooks of one name, from `position` in steps of 1 (inwards) or -1 (outwards). Answers the
 * message that comes out, or a promise of it where a hook makes one; nobody waits otherwise.
 *
 * @throws HookFailure (or rejects with one).
 */
export function throughHooks(
  hooks: readonly (Hooks | undefined)[],
  name: 'onRequest' | 'onResponse',
  message: unknown,
  position: number,
  step: 1 | -1,
): unknown {
  for (let i = position; i >= 0 && i < hooks.length; i += step) {
    const hook = hooks[i];
    if (hook?.[name] === undefined) continue;
    let result: unknown;
    try {
      result = hook[name](message);
    } catch (error) {
      throw new HookFailure(error, i);
    }
    if (isThenable(result)) return resume(hooks, name, message, i, step, result);
    if (result !== undefined) message = result;
  }
  return message;
}

async function resume(
  hooks: readonly (Hooks | undefined)[],
  name: 'onRequest' | 'onResponse',
  message: unknown,
  position: number,
  step: 1 | -1,
  waiting: PromiseLike<unknown>,
): Promise<unknown> {
  let replacement: unknown;
  try {
    replacement = await waiting;
  } catch (error) {
    throw new HookFailure(error, position);
  }
  return throughHooks(hooks, name, replacement === undefined ? message : replacement, position + step, step);
}

/** Runs a hook or a listener that cannot change the course of the call by throwing; the operator is told. */
export function runQuietly<T>(
  owner: string,
  name: string,
  run: (argument: T) => unknown,
  argument: T,
  holder?: object,
): unknown {
  try {
    const result = run.call(holder, argument);
    if (!isThenable(result)) return result;
    result.then(undefined, (error: unknown) => reportHookFailure(owner, name, error));
  } catch (error) {
    reportHookFailure(owner, name, error);
  }
  return undefined;
}

/** Hooks as an interceptor returned them for a call, or undefined for none. @throws TypeError when they are neither. */
export function checkedHooks<H extends object>(hooks: unknown, name: string): H | undefined {
  if (hooks === undefined || hooks === null) return undefined;
  if (typeof hooks === 'object' && !isThenable(hooks)) return hooks as H;
  if (isThenable(hooks)) hooks.then(undefined, () => undefined);
  throw new TypeError(`Interceptor '${name}' must return hooks or nothing for a call, got ${kindOf(hooks)}`);
}

const kindOf = (value: unknown): string => (isThenable(value) ? 'a promise' : `a ${typeof value}`);
