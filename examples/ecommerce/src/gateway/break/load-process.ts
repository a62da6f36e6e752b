import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { FromLoad, ToLoad } from '../../load/messages.js';
import type { Place } from '../../plan.js';
import type { LoadState } from '../contract.js';

const PROGRAM = fileURLToPath(new URL('../../../dist/load/main.js', import.meta.url));

/** A load that runs in a process of its own, at most one at a time. */
export class LoadProcess {
  private child: ChildProcess | undefined;
  private times = 0;
  private told: FromLoad = NOTHING;

  /** @param maxCapacity What counts as the capacity, in calls a second, where the machine would manage more. */
  constructor(
    private readonly place: Place,
    private readonly maxCapacity: number,
  ) {}

  /** Begins one, or changes the one that runs. It ends by itself. */
  set(times: number): void {
    this.times = times;
    this.child ??= this.start();
    const { place, maxCapacity } = this;
    this.child.send({ place, times, maxCapacity } satisfies ToLoad);
  }

  stop(): void {
    this.child?.kill();
    this.child = undefined;
  }

  /** What became of its calls since this was last asked. */
  take(): LoadState | null {
    const { told, times } = this;
    this.told = { ...NOTHING, callsPerSecond: told.callsPerSecond };
    return this.child === undefined ? null : { times, ...told };
  }

  private start(): ChildProcess {
    this.told = NOTHING;
    const child = fork(PROGRAM, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    child.on('message', (message: FromLoad) => {
      if (this.child === child) this.told = added(this.told, message);
    });
    child.on('exit', () => {
      if (this.child === child) this.child = undefined;
    });
    return child;
  }
}

const NOTHING: FromLoad = { callsPerSecond: 0, succeeded: 0, refused: 0, failed: 0 };

function added(before: FromLoad, { callsPerSecond, succeeded, refused, failed }: FromLoad): FromLoad {
  return {
    callsPerSecond,
    succeeded: before.succeeded + succeeded,
    refused: before.refused + refused,
    failed: before.failed + failed,
  };
}
