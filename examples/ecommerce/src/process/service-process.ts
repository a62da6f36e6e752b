import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Config } from '../config.js';
import type { Replica } from '../plan.js';
import type { FromChild, Measurement, ToChild } from './messages.js';

const PROGRAM = fileURLToPath(new URL('./child.ts', import.meta.url));

/** A process that serves some replicas, as its parent sees it. */
export class ServiceProcess {
  /** Resolves with the exit status, or the signal that ended it. */
  readonly exited: Promise<number | string>;
  private readonly child: ChildProcess;
  private readonly measuring = new Map<number, (metrics: Measurement) => void>();
  private measurements = 0;

  constructor(private readonly replicas: readonly Replica[]) {
    this.child = fork(PROGRAM, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    this.exited = once(this.child, 'exit').then(([code, signal]) => (code ?? signal) as number | string);
  }

  /**
   * Resolves, with the description of the database, when all replicas serve.
   *
   * @throws Error with what the process says when it cannot.
   */
  start(config: Config, prepare: boolean, onProgress: (what: string) => void): Promise<string> {
    return new Promise((resolve, reject) => {
      this.child.on('message', (message: FromChild) => {
        if (message.type === 'progress') onProgress(message.what);
        else if (message.type === 'ready') resolve(message.database);
        else if (message.type === 'measured') this.measuring.get(message.id)?.(message.metrics);
        else reject(new Error(message.message));
      });
      void this.exited.then((end) => reject(new Error(`A process of the shop ended with ${end} while starting.`)));
      this.tell({ type: 'start', config, replicas: this.replicas, prepare });
    });
  }

  /** What the process has counted; nothing when it does not answer, as one that hangs does not. */
  async measure(timeoutMs = 1_000): Promise<Measurement> {
    const id = ++this.measurements;
    if (!this.child.connected) return [];
    const answered = new Promise<Measurement>((resolve) => this.measuring.set(id, resolve));
    this.tell({ type: 'measure', id });
    const metrics = await Promise.race([answered, delay(timeoutMs, [], { ref: false })]);
    this.measuring.delete(id);
    return metrics;
  }

  /** Drains, then ends. */
  async stop(): Promise<void> {
    if (this.child.connected) this.tell({ type: 'stop' });
    await this.exited;
  }

  private tell(message: ToChild): void {
    this.child.send(message);
  }
}
