import { createRequire, syncBuiltinESMExports } from 'node:module';

/**
 * Virtual time. {@link installClock} puts it in the place of timers, `setImmediate`, `Date` and `performance.now`, in the
 * global object and in `node:timers`, before any module that captures one of them is loaded. `process.nextTick` and
 * promises stay Node's own: they are ordered as they always are, between two steps of the {@link Clock}.
 */
export class Clock {
  /** The monotonic clock, in ms. */
  now = 0;
  /** How far the wall clock was set forward (or back), in ms. */
  wallOffset = 0;
  private timers: VirtualTimer[] = [];
  private immediates: VirtualImmediate[] = [];
  private ids = 0;

  get wall(): number {
    return EPOCH + Math.floor(this.now) + this.wallOffset;
  }

  /** Timers and immediates that wait. */
  get armed(): number {
    return this.timers.length + this.immediates.filter((each) => !each.cleared).length;
  }

  /** What is armed, as text. */
  describe(): string[] {
    return this.timers.map((timer) => `a timer of ${timer.delay} ms, set at ${timer.setAt} ms`);
  }

  /** When the next timer is due. */
  get nextDue(): number {
    return this.timers[0]?.due ?? Infinity;
  }

  get hasImmediates(): boolean {
    return this.immediates.length > 0;
  }

  reset(): void {
    this.now = 0;
    this.wallOffset = 0;
    this.timers = [];
    this.immediates = [];
  }

  /** The timers that are due, in the order in which they fall due. */
  takeDue(): VirtualTimer[] {
    const due: VirtualTimer[] = [];
    while (this.timers.length > 0 && this.timers[0]!.due <= this.now) due.push(this.timers.shift()!);
    return due;
  }

  takeImmediates(): VirtualImmediate[] {
    return this.immediates.splice(0);
  }

  setTimer(run: () => void, delay: unknown, repeats: boolean): VirtualTimer {
    const ms = Math.trunc(Number(delay));
    const timer = new VirtualTimer(this, ++this.ids, run, ms >= 1 && ms <= 2 ** 31 - 1 ? ms : 1, repeats);
    this.arm(timer);
    return timer;
  }

  arm(timer: VirtualTimer): void {
    timer.setAt = this.now;
    timer.due = this.now + timer.delay;
    timer.armed = true;
    let at = this.timers.length;
    while (at > 0 && this.timers[at - 1]!.due > timer.due) at--;
    this.timers.splice(at, 0, timer);
  }

  disarm(timer: VirtualTimer): void {
    timer.armed = false;
    const at = this.timers.indexOf(timer);
    if (at >= 0) this.timers.splice(at, 1);
  }

  setImmediate(run: () => void): VirtualImmediate {
    const immediate = new VirtualImmediate(run);
    this.immediates.push(immediate);
    return immediate;
  }
}

/** When a run begins, on the wall clock. */
const EPOCH = Date.UTC(2030, 0, 1);

export class VirtualTimer {
  due = 0;
  setAt = 0;
  armed = false;

  constructor(
    private readonly clock: Clock,
    readonly id: number,
    private run: () => void,
    readonly delay: number,
    private readonly repeats: boolean,
  ) {}

  fire(): void {
    if (!this.armed) return;
    this.armed = false;
    const { run } = this;
    if (this.repeats) this.clock.arm(this);
    run();
  }

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }

  hasRef(): boolean {
    return true;
  }

  refresh(): this {
    this.clock.disarm(this);
    this.clock.arm(this);
    return this;
  }

  close(): this {
    this.clear();
    return this;
  }

  clear(): void {
    this.clock.disarm(this);
    this.run = nothing;
  }

  [Symbol.toPrimitive](): number {
    return this.id;
  }

  [Symbol.dispose](): void {
    this.clear();
  }
}

export class VirtualImmediate {
  cleared = false;

  constructor(private readonly run: () => void) {}

  fire(): void {
    if (!this.cleared) this.run();
  }

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }

  hasRef(): boolean {
    return true;
  }
}

function nothing(): void {}

type Callback = (...args: unknown[]) => void;

const require = createRequire(import.meta.url);

/** Node's own, for those who drive the virtual clock. */
export const real = {
  setImmediate: globalThis.setImmediate,
  setTimeout: globalThis.setTimeout,
  clearTimeout: globalThis.clearTimeout,
  now: performance.now.bind(performance),
};

/** Puts virtual time in the place of Node's, for good. */
export function installClock(): Clock {
  const clock = new Clock();
  const bound = (run: Callback, args: unknown[]): (() => void) => (args.length === 0 ? run : () => run(...args));
  const clear = (handle: unknown): void => {
    if (handle instanceof VirtualTimer) handle.clear();
    else if (handle instanceof VirtualImmediate) handle.cleared = true;
  };
  const functions = {
    setTimeout: (run: Callback, delay?: unknown, ...args: unknown[]) => clock.setTimer(bound(run, args), delay, false),
    setInterval: (run: Callback, delay?: unknown, ...args: unknown[]) => clock.setTimer(bound(run, args), delay, true),
    setImmediate: (run: Callback, ...args: unknown[]) => clock.setImmediate(bound(run, args)),
    clearTimeout: clear,
    clearInterval: clear,
    clearImmediate: clear,
  };
  const promised = {
    setTimeout: (delay?: unknown, value?: unknown) =>
      new Promise((resolve) => clock.setTimer(() => resolve(value), delay, false)),
    setImmediate: (value?: unknown) => new Promise((resolve) => clock.setImmediate(() => resolve(value))),
  };
  Object.assign(globalThis, functions);
  Object.assign(require('node:timers') as object, functions);
  Object.assign(require('node:timers/promises') as object, promised);
  syncBuiltinESMExports();
  Object.defineProperty(performance, 'now', { value: () => clock.now, configurable: true, writable: true });
  globalThis.Date = virtualDate(clock);
  return clock;
}

function virtualDate(clock: Clock): DateConstructor {
  const RealDate = Date;
  class VirtualDate extends RealDate {
    constructor(...args: unknown[]) {
      if (args.length === 0) super(clock.wall);
      else super(...(args as [number]));
    }

    static override now(): number {
      return clock.wall;
    }
  }
  return VirtualDate as unknown as DateConstructor;
}
