import type { Config } from '../config.js';
import { replicas, type Replica } from '../plan.js';
import type { Accident, Measurement } from './messages.js';
import { ServiceProcess } from './service-process.js';

/** The processes that serve the shop: one for all replicas, or one for each. */
export class ProcessGroup {
  /** Resolves with a sentence when a process ends that nobody stopped. */
  readonly broken: Promise<string>;
  private readonly processes = new Set<ServiceProcess>();
  private report: (sentence: string) => void = () => undefined;

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

  measure(): Promise<Measurement[]> {
    return Promise.all([...this.processes].map((each) => each.ask({ about: 'metrics' })));
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
  }

  async stop(): Promise<void> {
    await Promise.all([...this.processes].map((each) => each.stop()));
  }

  private async strikeServer(name: string, accident: Accident): Promise<void> {
    for (const each of this.processes) await each.ask({ about: 'replica', name, accident }, 10_000);
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

const SIGNALS = { stop: 'SIGKILL', hang: 'SIGSTOP', resume: 'SIGCONT' } as const;
