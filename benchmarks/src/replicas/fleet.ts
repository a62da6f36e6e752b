import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const script = fileURLToPath(new URL('../replicas/replica.js', import.meta.url));

/** A replica in a process of its own. */
export class Replica {
  #process: ChildProcess | undefined;
  #port = 0;

  constructor(readonly name: string) {}

  get address(): string {
    return `127.0.0.1:${this.#port}`;
  }

  /** Starts, on the port that it had before, and waits until it listens. */
  async start(): Promise<void> {
    this.#process = fork(script, [this.name, String(this.#port)]);
    const [port] = (await once(this.#process, 'message')) as [number];
    this.#port = port;
  }

  /** Sends a signal; waits for the end of the process where the signal ends it. */
  async signal(signal: 'SIGTERM' | 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): Promise<void> {
    const replica = this.#process!;
    replica.kill(signal);
    if (signal === 'SIGTERM' || signal === 'SIGKILL') await once(replica, 'exit');
  }

  kill(): void {
    this.#process?.kill('SIGKILL');
  }
}

/** Three replicas that listen, while `work` runs. */
export async function withReplicas<T>(work: (replicas: readonly Replica[]) => Promise<T>): Promise<T> {
  const replicas = ['a', 'b', 'c'].map((name) => new Replica(name));
  try {
    await Promise.all(replicas.map((replica) => replica.start()));
    return await work(replicas);
  } finally {
    for (const replica of replicas) replica.kill();
  }
}
