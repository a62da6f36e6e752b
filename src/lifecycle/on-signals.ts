import { constants } from 'node:os';
import { optionError, optionsOf } from '../core/base/options.js';

/** A request to stop. */
export interface StopRequest {
  /** Which one came first. */
  readonly signal: NodeJS.Signals;
  /** Aborts with the second signal: whoever asks again wants it now. Hand it to `shutdownGracefully`. */
  readonly force: AbortSignal;
}

/** See {@link onSignals}. */
export interface OnSignalsOptions {
  /**
   * Whether to leave the process once everything has stopped: with 0, with 1 when a handler failed, or with 128 + the
   * signal's number when it was forced. `false` leaves that to the application.
   *
   * @default true
   */
  readonly exit?: boolean;
}

/** Handlers that are at work, of all calls of {@link onSignals}: the process is left after the last of them. */
let stopping = 0;

/**
 * Stops when told to: the first signal runs the handler, a second forces (see {@link StopRequest}), a third leaves the
 * process at once. May be used several times; every handler runs, and the process is left when all have settled.
 *
 * @returns stops listening.
 * @throws TypeError when an argument is wrong.
 * @example
 * onSignals(['SIGTERM', 'SIGINT'], async ({ force }) => {
 *   await shutdownGracefully(server, { calls, health, drainDelayMs: 5_000, timeoutMs: 20_000, force });
 *   await pool.end();
 * });
 */
export function onSignals(
  signals: readonly NodeJS.Signals[],
  handler: (request: StopRequest) => unknown,
  options: OnSignalsOptions = {},
): () => void {
  if (!areSignals(signals)) throw optionError('onSignals: signals', "a list of signals such as 'SIGTERM'", signals);
  if (typeof handler !== 'function') throw optionError('onSignals: handler', 'a function', handler);
  const exit = optionsOf('onSignals', options, ['exit']).boolean('exit', true);
  const force = new AbortController();
  let received = 0;
  const listener = (signal: NodeJS.Signals) => {
    received++;
    if (received === 1) void stop(signal, handler, force.signal, exit);
    else if (received === 2) force.abort(new Error(`a second ${signal}`));
    else process.exit(exitCode(signal));
  };
  for (const signal of signals) process.on(signal, listener);
  return () => {
    for (const signal of signals) process.off(signal, listener);
  };
}

function areSignals(signals: unknown): signals is readonly NodeJS.Signals[] {
  return Array.isArray(signals) && signals.length > 0 && signals.every((name) => String(name) in constants.signals);
}

async function stop(
  signal: NodeJS.Signals,
  handler: (request: StopRequest) => unknown,
  force: AbortSignal,
  exit: boolean,
): Promise<void> {
  stopping++;
  try {
    await handler({ signal, force });
    if (exit && force.aborted) process.exitCode ??= exitCode(signal);
  } catch (error) {
    console.error(error);
    if (exit) process.exitCode = 1;
  }
  stopping--;
  // Others that were told by the same signal are counted by now: listeners run one after the other, in one turn.
  if (exit && stopping === 0) process.exit();
}

/** A shell's way to say which signal ended a process. */
const exitCode = (signal: NodeJS.Signals): number => 128 + constants.signals[signal];
