import {
  status,
  type sendUnaryData,
  type ServerDuplexStream,
  type ServerReadableStream,
  type ServerUnaryCall,
  type ServerWritableStream,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import { later } from './later.js';
import type { Plan } from './plan.js';
import type { Numbered } from './service.js';

/** What the handler saw of one call. */
export interface Handled {
  readonly requests: number[];
  /** The requests ended, as far as the handler was told. */
  finished: boolean;
  cancelled: boolean;
  /** It has chosen how the call ends. */
  answered: boolean;
  readonly written: number[];
}

type ReadingCall = ServerReadableStream<Numbered, Numbered> | ServerDuplexStream<Numbered, Numbered>;
type WritingCall = ServerWritableStream<Numbered, Numbered> | ServerDuplexStream<Numbered, Numbered>;

/** Handlers that do what the plan says, written for bare grpc-js. */
export function handlersOf(plan: Plan, seen: Handled[], write: (what: string) => void): UntypedServiceImplementation {
  return {
    unary: (call: ServerUnaryCall<Numbered, Numbered>, callback: sendUnaryData<Numbered>) => {
      const run = new HandlerRun(plan, seen, write, call);
      run.take(call.request);
      run.finishReading();
      run.throwIfPlanned();
      run.answerOnce(callback);
    },
    serverStream: (call: ServerWritableStream<Numbered, Numbered>) => {
      const run = new HandlerRun(plan, seen, write, call);
      run.take(call.request);
      run.finishReading();
      run.throwIfPlanned();
      run.answerMany(call);
    },
    clientStream: (call: ServerReadableStream<Numbered, Numbered>, callback: sendUnaryData<Numbered>) => {
      const run = new HandlerRun(plan, seen, write, call);
      run.throwIfPlanned();
      run.read(call, () => run.answerOnce(callback));
    },
    bidi: (call: ServerDuplexStream<Numbered, Numbered>) => {
      const run = new HandlerRun(plan, seen, write, call);
      run.throwIfPlanned();
      run.read(call, () => run.answerMany(call));
    },
  };
}

class HandlerRun {
  private readonly handled: Handled;
  private readonly fails: boolean;

  constructor(
    private readonly plan: Plan,
    seen: Handled[],
    private readonly write: (what: string) => void,
    call: { on(event: 'cancelled', listener: () => void): unknown },
  ) {
    this.fails = seen.length < plan.server.failingAttempts;
    this.handled = { requests: [], finished: false, cancelled: false, answered: false, written: [] };
    seen.push(this.handled);
    write(`is called (${seen.length})`);
    call.on('cancelled', () => {
      this.handled.cancelled = true;
      write('is told that the call is over');
    });
  }

  take({ n }: Numbered): void {
    this.handled.requests.push(n);
    this.write(`receives ${n}`);
  }

  finishReading(): void {
    this.handled.finished = true;
  }

  read(call: ReadingCall, answer: () => void): void {
    const { early } = this.plan.server;
    call.on('data', (message: Numbered) => this.take(message));
    call.on('end', () => {
      this.finishReading();
      this.write('sees the end of the requests');
      if (!early) answer();
    });
    call.on('error', () => this.write('sees an error of its stream'));
    if (early) answer();
  }

  answerOnce(callback: sendUnaryData<Numbered>): void {
    this.after(this.plan.server.when, () => {
      this.write(`answers: ${this.fails ? 'UNAVAILABLE' : this.plan.server.answers}`);
      if (this.fails) callback(UNAVAILABLE);
      else if (this.plan.server.answers === 'OK') {
        this.handled.written.push(1);
        callback(null, { n: 1 });
      } else if (this.plan.server.answers !== 'never') callback(FAILED);
    });
  }

  answerMany(call: WritingCall): void {
    const { when, gap, answers } = this.plan.server;
    call.on('error', () => this.write('sees an error of its stream'));
    this.after(when, () => {
      if (this.fails || answers === 'an error' || answers === 'by throwing') {
        this.write(`answers: ${this.fails ? 'UNAVAILABLE' : answers}`);
        call.emit('error', this.fails ? UNAVAILABLE : FAILED);
      } else if (answers === 'OK') this.writeNext(call, 1, gap);
    });
  }

  private writeNext(call: WritingCall, n: number, gap: Plan['server']['gap']): void {
    const { responses, server } = this.plan;
    if (n > responses) {
      this.write(server.failsAtEnd ? 'fails at the end' : 'ends');
      if (server.failsAtEnd) call.emit('error', FAILED);
      else call.end();
      return;
    }
    if (call.destroyed) return;
    const next = (): void => later(gap, () => this.writeNext(call, n + 1, gap));
    this.write(`writes ${n}`);
    this.handled.written.push(n);
    if (server.waitsForWrites) call.write({ n }, next);
    else {
      call.write({ n });
      next();
    }
  }

  /** What is thrown later, from an event, would be the process's to catch. */
  throwIfPlanned(): void {
    const { answers, when } = this.plan.server;
    if (this.fails || answers !== 'by throwing' || when !== 'at once') return;
    this.handled.answered = true;
    this.write('throws');
    throw new Error('A bug of the handler');
  }

  private after(when: Plan['server']['when'], run: () => void): void {
    if (this.plan.server.answers === 'never' && !this.fails) return;
    this.handled.answered = true;
    later(when, run);
  }
}

const UNAVAILABLE = { code: status.UNAVAILABLE, details: 'Not now', message: 'Not now', name: 'Error' };
const FAILED = { code: status.INVALID_ARGUMENT, details: 'Not so', message: 'Not so', name: 'Error' };
