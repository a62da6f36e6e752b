/** The longest delay that setTimeout keeps; a longer one would fire at once. */
export const MAX_DELAY_MS = 2 ** 31 - 1;

/** Timers may fire a millisecond before Date says that it is time. */
export const TIMER_SLACK_MS = 2;

/**
 * The same moment as `performance.now()` counts it: setting the machine's time must not change whether a deadline has
 * passed.
 */
export function ticksAt(epochMs: number): number {
  return epochMs === Infinity ? Infinity : performance.now() + (epochMs - Date.now());
}

/** A timer that was set; {@link cancel} is safe at any time. */
export interface Timer {
  cancel(): void;
}

/**
 * Runs `action` at `epochMs`, however far away. The timer does not keep the process alive: whoever waits for the call
 * does.
 */
export function timerAt(epochMs: number, action: () => void): Timer {
  let handle: NodeJS.Timeout;
  const set = (): void => {
    const delay = Math.max(0, epochMs - Date.now());
    handle = delay > MAX_DELAY_MS ? setTimeout(set, MAX_DELAY_MS) : setTimeout(action, delay);
    handle.unref();
  };
  set();
  return { cancel: () => clearTimeout(handle) };
}
