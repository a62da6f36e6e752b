/** How often calls that are leaving are looked at, in milliseconds, unless one of them may linger for less. */
const PERIOD_MS = 1_000;

/** A call whose end waits for its client to take what was written. */
export interface LeavingCall {
  /** Its place among those that are leaving; -1 while it is not. Kept here so that no call needs an object for it. */
  place: number;
  /** How long the client may take nothing, in milliseconds. */
  readonly lingerMs: number;
  /** When the client was last seen to take something, in ticks of `performance.now()`. */
  since: number;
  /** A number that changes whenever the client takes something. */
  progress(): number;
  /** The client took nothing for too long. */
  giveUp(): void;
}

interface Seen {
  readonly call: LeavingCall;
  progress: number;
}

/**
 * Watches calls that are leaving, all of a process with one timer: a timer for each call would cost more than the rest
 * of its end. The timer runs only while calls are leaving, and does not keep the process alive.
 */
class Leaving {
  private readonly calls: Seen[] = [];
  private timer: NodeJS.Timeout | undefined;
  private periodMs = PERIOD_MS;

  enter(call: LeavingCall): void {
    if (call.place >= 0) this.leave(call);
    call.place = this.calls.length;
    call.since = performance.now();
    this.calls.push({ call, progress: call.progress() });
    const periodMs = Math.min(PERIOD_MS, Math.max(10, call.lingerMs / 4));
    if (this.timer !== undefined && periodMs >= this.periodMs) return;
    this.periodMs = periodMs;
    this.arm();
  }

  leave(call: LeavingCall): void {
    if (call.place < 0) return;
    const last = this.calls.pop()!;
    if (last.call !== call) {
      this.calls[call.place] = last;
      last.call.place = call.place;
    }
    call.place = -1;
    if (this.calls.length === 0) this.disarm();
  }

  private arm(): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.sweep(), this.periodMs);
    this.timer.unref();
  }

  private disarm(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.periodMs = PERIOD_MS;
  }

  private sweep(): void {
    const now = performance.now();
    for (const seen of [...this.calls]) {
      const { call } = seen;
      const progress = call.progress();
      if (progress !== seen.progress) {
        seen.progress = progress;
        call.since = now;
      } else if (now - call.since >= call.lingerMs) {
        this.leave(call);
        call.giveUp();
      }
    }
    if (this.calls.length > 0) this.arm();
  }
}

/** The calls of this process that are leaving. */
export const leaving = new Leaving();
