type Work = PromiseLike<unknown> | undefined;
type Task = () => Work;

/**
 * Messages in one direction, and what must not overtake them. A task begins when the one before it has settled; one that
 * returns nothing has settled at once. Tasks see to their own errors, and decide for themselves whether a call that
 * ended meanwhile concerns them.
 * While nothing waits, nothing is allocated: begin the work and {@link follow} it, and use {@link later} only while
 * {@link busy}.
 */
export class MessageQueue {
  private waiting: Task[] | undefined;

  /** Something is under way, so what comes now is for {@link later}. */
  get busy(): boolean {
    return this.waiting !== undefined;
  }

  /** Lets everything wait until {@link proceed}. */
  hold(): void {
    this.waiting ??= [];
  }

  /** Lets everything wait until this work has settled. */
  follow(work: Work): void {
    if (work === undefined) return;
    this.hold();
    const proceed = (): void => this.proceed();
    work.then(proceed, (error: unknown) => {
      throwOutside(error);
      proceed();
    });
  }

  /** Begins the task when those before it have settled. */
  later(task: Task): void {
    this.waiting!.push(task);
  }

  /** Begins what waits, up to the first task that takes its time. */
  proceed(): void {
    const { waiting } = this;
    while (waiting !== undefined && waiting.length > 0) {
      const work = begin(waiting.shift()!);
      if (work === undefined) continue;
      this.follow(work);
      return;
    }
    this.waiting = undefined;
  }

  /** Runs all that waits, without waiting for any of it: the call has ended, and tasks only clear up. */
  empty(): void {
    const { waiting } = this;
    this.waiting = undefined;
    // Taken out first: a task of proceed() may be what ended the call.
    for (const task of waiting?.splice(0) ?? []) void begin(task);
  }
}

function begin(task: Task): Work {
  try {
    return task();
  } catch (error) {
    throwOutside(error);
    return undefined;
  }
}

/** What fails here is the application's own, in a listener: it belongs to the process, as without this queue. */
function throwOutside(error: unknown): void {
  process.nextTick(() => {
    throw error;
  });
}
