const listeners = new WeakMap<AbortSignal, Set<() => void>>();

/**
 * Calls back when the signal aborts; returns what takes the callback back. However many wait, the signal has one
 * listener: Node warns of a leak at the eleventh, and one signal may well guard a hundred calls.
 */
export function onAbort(signal: AbortSignal, callback: () => void): () => void {
  const waiting = listeners.get(signal) ?? listenTo(signal);
  waiting.add(callback);
  return () => {
    waiting.delete(callback);
    if (waiting.size > 0) return;
    if (listeners.get(signal) !== waiting) return;
    listeners.delete(signal);
    signal.removeEventListener('abort', tellAll);
  };
}

function listenTo(signal: AbortSignal): Set<() => void> {
  const waiting = new Set<() => void>();
  listeners.set(signal, waiting);
  signal.addEventListener('abort', tellAll, { once: true });
  return waiting;
}

function tellAll(this: AbortSignal): void {
  const waiting = listeners.get(this);
  listeners.delete(this);
  for (const callback of waiting ?? []) callback();
}
