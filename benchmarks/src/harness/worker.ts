import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** A process that answers questions, one at a time. Whatever keeps it from answering rejects the question. */
export class Worker {
  private settle: { resolve(answer: unknown): void; reject(error: Error): void } | undefined;
  private failure: Error | undefined;
  private stderr = '';

  private constructor(
    private readonly child: ChildProcess,
    private readonly name: string,
  ) {
    child.stderr!.on('data', (text: Buffer) => (this.stderr += text.toString()));
    child.on('message', (answer) => this.settle?.resolve(answer));
    child.on('error', (error) => this.fail(error.message));
    child.on('exit', (code, signal) => this.fail(`ended with ${signal ?? code}`));
  }

  /** Starts a compiled module of the benchmarks, and waits for what it says when it is ready. */
  static async start<T>(module: string, args: readonly string[]): Promise<{ worker: Worker; ready: T }> {
    const path = fileURLToPath(new URL(`../${module}.js`, import.meta.url));
    const child = fork(path, [...args], { execArgv: ['--expose-gc'], stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
    const worker = new Worker(child, `${module} ${args.join(' ')}`);
    return { worker, ready: (await worker.answer(20_000)) as T };
  }

  async ask<T>(question: object, timeoutMs = 60_000): Promise<T> {
    if (this.failure !== undefined) throw this.failure;
    this.child.send(question);
    return (await this.answer(timeoutMs)) as T;
  }

  stop(): void {
    this.child.removeAllListeners('exit');
    this.child.kill('SIGKILL');
  }

  private answer(timeoutMs: number): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.fail(`did not answer within ${timeoutMs} ms`), timeoutMs);
      const over = (): void => {
        clearTimeout(timer);
        this.settle = undefined;
      };
      this.settle = {
        resolve: (answer) => (over(), resolve(answer)),
        reject: (error) => (over(), reject(error)),
      };
      if (this.failure !== undefined) this.settle.reject(this.failure);
    });
  }

  private fail(reason: string): void {
    this.failure ??= new Error(`${this.name} ${reason}\n${this.stderr}`);
    this.settle?.reject(this.failure);
  }
}

/** The worker's side: says that it is ready, then answers each question; what it throws ends the process. */
export function answerQuestions<Q, A>(ready: unknown, answer: (question: Q) => A | Promise<A>): void {
  process.on('message', (question) => {
    void Promise.resolve(answer(question as Q)).then((value) => process.send!(value));
  });
  process.on('disconnect', () => process.exit());
  process.send!(ready);
}
