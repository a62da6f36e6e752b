import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Config } from '../config.js';
import type { Replica } from '../plan.js';
import type { Answers, FromChild, Question, ToChild } from './messages.js';

const PROGRAM = fileURLToPath(new URL('../../dist/process/child.js', import.meta.url));

/** A process that serves some replicas, as its parent sees it. */
export class ServiceProcess {
  /** Resolves with the exit status, or the signal that ended it. */
  readonly exited: Promise<number | string>;
  /** Whether its end is wanted. */
  dismissed = false;
  private readonly child: ChildProcess;
  private readonly asked = new Map<number, (answer: unknown) => void>();
  private questions = 0;

  constructor(readonly replicas: readonly Replica[]) {
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
        else if (message.type === 'answer') this.asked.get(message.id)?.(message.answer);
        else reject(new Error(message.message));
      });
      void this.exited.then((end) => reject(new Error(`A process of the shop ended with ${end} while starting.`)));
      this.tell({ type: 'start', config, replicas: this.replicas, prepare });
    });
  }

  /** The answer; nothing when the process does not answer in time, as one that hangs does not. */
  async ask<Q extends Question>(question: Q, timeoutMs = 1_000): Promise<Answers[Q['about']] | undefined> {
    if (!this.child.connected) return undefined;
    const id = ++this.questions;
    const answered = new Promise<unknown>((resolve) => this.asked.set(id, resolve));
    this.tell({ type: 'ask', id, question });
    const answer = await Promise.race([answered, delay(timeoutMs, undefined, { ref: false })]);
    this.asked.delete(id);
    return answer as Answers[Q['about']] | undefined;
  }

  /** As an operating system would: SIGKILL, SIGSTOP, SIGCONT. */
  signal(signal: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): void {
    if (signal === 'SIGKILL') this.dismissed = true;
    this.child.kill(signal);
  }

  /** Drains, then ends. */
  async stop(): Promise<void> {
    this.dismissed = true;
    this.child.kill('SIGCONT'); // one that hangs would not hear it
    if (this.child.connected) this.tell({ type: 'stop' });
    await this.exited;
  }

  private tell(message: ToChild): void {
    this.child.send(message, () => undefined); // a process that ends meanwhile hears nothing, and need not
  }
}
