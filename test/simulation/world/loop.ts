import type { Choices } from './choices.js';
import { real, type Clock } from './clock.js';

/** Events of one origin that keep their order: frames in one direction, or completions on one side. */
export class Lane {
  readonly waiting: (() => void)[] = [];

  constructor(readonly name: string) {}

  add(event: () => void): void {
    this.waiting.push(event);
  }
}

/**
 * Node's event loop in virtual time: due timers, then network events, then immediates, with `nextTick` and promises run
 * to their end after each. {@link Choices} decide how much of what waits on the network arrives, in how many packets,
 * and how late timers are. When nothing is left to do, time moves on to the next timer.
 */
export class Loop {
  readonly lanes: Lane[] = [];
  /** Steps of this run, a guard against loops without end. */
  steps = 0;

  constructor(
    readonly clock: Clock,
    private readonly choices: Choices,
  ) {}

  lane(name: string): Lane {
    const lane = new Lane(name);
    this.lanes.push(lane);
    return lane;
  }

  /** Runs until nothing happens any more, or until that time. Answers whether something is left for later. */
  async run(untilMs: number): Promise<boolean> {
    await turn();
    for (;;) {
      for (const timer of this.clock.takeDue()) await this.step(() => timer.fire());
      await this.poll();
      for (const immediate of this.clock.takeImmediates()) await this.step(() => immediate.fire());
      if (this.busy) continue;
      const due = this.clock.nextDue;
      if (due === Infinity || due > untilMs) {
        if (untilMs !== Infinity) this.clock.now = Math.max(this.clock.now, untilMs);
        return due !== Infinity;
      }
      this.clock.now = due + this.choices.of([0, 0, 0, 1, 3], 'timers fire late, ms', 0.9);
    }
  }

  private get busy(): boolean {
    return this.clock.hasImmediates || this.clock.nextDue <= this.clock.now || this.lanes.some(isWaiting);
  }

  private async poll(): Promise<void> {
    let open = this.lanes.filter(isWaiting);
    if (open.length > 1 && this.choices.chance(30, 'other lanes first')) open = open.toReversed();
    const mayPostpone = this.clock.hasImmediates;
    for (const lane of open) {
      if (mayPostpone && this.choices.chance(15, `${lane.name}: arrives later`)) continue;
      const all = lane.waiting.length === 1 || this.choices.pick(2, `${lane.name}: one event at a time`, 0.6) === 0;
      const events = lane.waiting.splice(0, all ? lane.waiting.length : 1);
      if (events.length > 1 && this.choices.chance(40, `${lane.name}: in one packet`))
        await this.step(() => events.forEach((event) => event()));
      else for (const event of events) await this.step(event);
    }
  }

  private step(event: () => void): Promise<void> {
    if (++this.steps > 20_000) throw new Error('This run does not come to an end');
    return new Promise((resolve) =>
      real.setImmediate(() => {
        try {
          event();
        } finally {
          real.setImmediate(resolve);
        }
      }),
    );
  }
}

const isWaiting = ({ waiting }: Lane): boolean => waiting.length > 0;

/** Lets `nextTick` and promises run to their end. */
export function turn(): Promise<void> {
  return new Promise((resolve) => real.setImmediate(resolve));
}
