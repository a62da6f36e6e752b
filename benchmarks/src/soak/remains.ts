import type { EventEmitter } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import type { CallContext } from 'grpc-js-middleware';

/** What is left once all calls have ended. */
export interface Remains {
  readonly heapMb: number;
  readonly rssMb: number;
  /** Contexts of calls, of those that are watched. */
  readonly contexts: number;
  readonly timers: number;
  /** Sockets, servers and whatever else keeps a process alive. */
  readonly handles: number;
  /** On those handles, and on the process. */
  readonly listeners: number;
}

const SHARE_WATCHED = 0.02;

/** Remembers contexts without keeping them. */
export class ContextWatch {
  private contexts: WeakRef<CallContext>[] = [];

  readonly add = (call: CallContext): void => {
    if (Math.random() < SHARE_WATCHED) this.contexts.push(new WeakRef(call));
  };

  /** How many are still there; those that are gone are forgotten. */
  count(): number {
    this.contexts = this.contexts.filter((context) => context.deref() !== undefined);
    return this.contexts.length;
  }
}

/** Waits until the process is at rest, collects, and counts. */
export async function whatRemains(contexts: ContextWatch): Promise<Remains> {
  for (let round = 0; round < 10; round++) {
    await delay(20);
    globalThis.gc?.();
  }
  const { heapUsed, rss } = process.memoryUsage();
  const resources = process.getActiveResourcesInfo();
  const timers = resources.filter((name) => name === 'Timeout').length;
  return {
    heapMb: heapUsed / 1e6,
    rssMb: rss / 1e6,
    contexts: contexts.count(),
    timers,
    handles: resources.length - timers,
    listeners: [process as EventEmitter, ...activeHandles()].reduce((sum, each) => sum + listenersOf(each), 0),
  };
}

/** Node shows them under this name only. */
function activeHandles(): EventEmitter[] {
  const all = (process as unknown as { _getActiveHandles(): Partial<EventEmitter>[] })._getActiveHandles();
  return all.filter((each): each is EventEmitter => each.eventNames !== undefined);
}

function listenersOf(emitter: EventEmitter): number {
  return emitter.eventNames().reduce((sum, name) => sum + emitter.listenerCount(name), 0);
}
