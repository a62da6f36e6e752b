import { setTimeout as delay } from 'node:timers/promises';
import type { Finding } from '../books/books.js';
import type { Config } from '../config.js';
import { replicas, type Replica } from '../plan.js';
import type { Fault } from '../gateway/contract.js';
import type { Batch } from '../telemetry/batch.js';
import type { TraceRecord } from '../telemetry/traces.js';
import type { Accident, Answers, Measurement, Question } from './messages.js';
import { ServiceProcess } from './service-process.js';

/** A process that has not answered a question about the present by then hangs. */
const HANGING_MS = 400;

/** What has not been told by then will not be. */
const LATE_MS = 30_000;

/** Reading all books takes longer than other questions. */
const BOOKS_MS = 60_000;

/** The processes that serve the shop: one for all replicas, or one for each. */
export class ProcessGroup {
  /** Resolves with a sentence when a process ends that nobody stopped. */
  readonly broken: Promise<string>;
  private readonly processes = new Set<ServiceProcess>();
  /** Questions about what happened that are not answered yet. */
  private readonly telling = new Map<ServiceProcess, Promise<Batch | undefined>>();
  private report: (sentence: string) => void = () => undefined;
  /** What was done to replicas and not undone. */
  readonly accidents = new Map<string, 'stopped' | 'hanging'>();

  constructor(
    private readonly config: Config,
    private readonly onProgress: (what: string) => void,
  ) {
    this.broken = new Promise((resolve) => (this.report = resolve));
  }

  /** Resolves, with the description of the database, when all replicas serve. */
  async start(): Promise<string> {
    const all = replicas(this.config);
    const groups = this.config.processes ? all.map((replica) => [replica]) : [all];
    const [first, ...others] = groups.map((group) => this.add(group));
    // The first one prepares the database for all.
    const database = await first!.start(this.config, true, this.onProgress);
    await Promise.all(others.map((each) => each.start(this.config, false, this.onProgress)));
    return database;
  }

  async measure(): Promise<Measurement[]> {
    return (await this.ask({ about: 'metrics' })).filter((measured) => measured !== undefined);
  }

  /**
   * What happened in all processes since they were last asked, with the details of a share of the traces from now on;
   * 0 means that nobody will ask. One that hangs or is too busy is not waited for: what it answers late comes next time.
   */
  async telemetry(share: number): Promise<Batch[]> {
    const told = [...this.processes].map(async (each) => {
      const telling =
        (share > 0 ? this.telling.get(each) : undefined) ?? each.ask({ about: 'telemetry', share }, LATE_MS);
      this.telling.set(each, telling);
      const heard = telling.then((batch) => {
        this.telling.delete(each);
        return batch;
      });
      return Promise.race([heard, delay(HANGING_MS, undefined, { ref: false })]);
    });
    return (await Promise.all(told)).filter((batch) => batch !== undefined);
  }

  /** What all processes remember of a trace. */
  async trace(traceId: string): Promise<TraceRecord[]> {
    return (await this.ask({ about: 'trace', traceId }, HANGING_MS)).filter((record) => record !== undefined);
  }

  /** Whether money, stock, orders and payments agree; nothing when no process can say. */
  async books(): Promise<readonly Finding[] | undefined> {
    for (const each of this.processes) {
      const findings = await each.ask({ about: 'books' }, BOOKS_MS);
      if (findings !== undefined) return findings;
    }
    return undefined;
  }

  /** Has the servers be at fault from now on, in these ways only. */
  async setFaults(faults: readonly Fault[]): Promise<void> {
    await this.ask({ about: 'faults', faults });
  }

  /**
   * Lets a replica have an accident: its server's and its sockets' where all share one process, its process's otherwise.
   *
   * @throws Error when there is no such replica, or it cannot have such an accident.
   */
  async strike(name: string, accident: Accident): Promise<void> {
    const replica = replicas(this.config).find((each) => each.name === name);
    if (replica === undefined) throw new Error(`There is no replica ${name}.`);
    if (this.config.processes) await this.strikeProcess(replica, accident);
    else await this.strikeServer(name, accident);
    this.note(name, accident);
  }

  async stop(): Promise<void> {
    await Promise.all([...this.processes].map((each) => each.stop()));
  }

  private note(name: string, accident: Accident): void {
    if (accident === 'stop') this.accidents.set(name, 'stopped');
    else if (accident === 'hang') this.accidents.set(name, 'hanging');
    else if (this.accidents.get(name) === UNDONE_BY[accident]) this.accidents.delete(name);
  }

  private async strikeServer(name: string, accident: Accident): Promise<void> {
    await this.ask({ about: 'replica', name, accident }, 10_000);
  }

  private ask<Q extends Question>(question: Q, timeoutMs?: number): Promise<(Answers[Q['about']] | undefined)[]> {
    return Promise.all([...this.processes].map((each) => each.ask(question, timeoutMs)));
  }

  private async strikeProcess(replica: Replica, accident: Accident): Promise<void> {
    const current = [...this.processes].find((each) => each.replicas[0]!.name === replica.name);
    if (accident === 'start') {
      if (current === undefined) await this.add([replica]).start(this.config, false, this.onProgress);
      return;
    }
    current?.signal(SIGNALS[accident]);
    if (accident === 'stop') await current?.exited;
  }

  private add(own: readonly Replica[]): ServiceProcess {
    const added = new ServiceProcess(own);
    this.processes.add(added);
    void added.exited.then((end) => {
      this.processes.delete(added);
      if (!added.dismissed) this.report(`A process of the shop ended with ${end}.`);
    });
    return added;
  }
}

const UNDONE_BY = { start: 'stopped', resume: 'hanging' } as const;

const SIGNALS = { stop: 'SIGKILL', hang: 'SIGSTOP', resume: 'SIGCONT' } as const;
