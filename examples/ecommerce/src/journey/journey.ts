import { status } from '@grpc/grpc-js';
import { BusinessError, findDetail, StatusError, ValidationError } from 'grpc-js-middleware';
import { recorded, type Entry } from './recorder.js';

/** A step did not do what it should: those behind it would make no sense. */
export class JourneyBroken extends Error {}

/** The calls of a few people, one after another, each with what should come of it. */
export class Journey {
  readonly entries: Entry[] = [];
  private held: Promise<unknown> | undefined;

  /** A call that should succeed, with an answer for which `check`, if given, holds. */
  async succeeds<T>(makeCall: () => Promise<T>, check?: (answer: T) => boolean, note?: string): Promise<T> {
    await this.held;
    const entry = this.begin(status.OK);
    const answer = await recorded(entry, makeCall).catch((error: unknown) => fail(entry, error));
    expectThat(entry, answer, check);
    if (note !== undefined) entry.notes.push(note);
    return answer;
  }

  /** A call that should be refused with this code. */
  async isRefused(code: status, makeCall: () => Promise<unknown>, note?: string): Promise<void> {
    const entry = this.begin(code);
    const error = await recorded(entry, makeCall).then(
      () => new Error('it should have been refused'),
      (thrown: unknown) => thrown,
    );
    if (!asExpected(entry)) fail(entry, error);
    entry.notes.push((note ?? inWords(error)) + comeBack(error));
  }

  /** A stream that stays open while other things happen, until the caller hangs up or, if `ends`, the server ends it. */
  opens<T>(makeStream: () => AsyncIterableIterator<T>, ends = false): OpenStream<T> {
    const entry = this.begin(ends ? status.OK : status.CANCELLED);
    return new OpenStream(entry, recorded(entry, makeStream));
  }

  /** Lets no further call begin until this has happened. */
  async holdWhile(happens: () => Promise<void>): Promise<void> {
    await (this.held = happens());
  }

  get succeeded(): boolean {
    return this.entries.length > 0 && this.entries.every(asExpected);
  }

  private begin(expected: status): Entry {
    const entry: Entry = {
      expected,
      rpc: '',
      kind: 'unary',
      code: undefined,
      attempts: 0,
      running: 0,
      attemptCode: status.OK,
      replica: '',
      durationMs: 0,
      notes: [],
      failed: false,
    };
    this.entries.push(entry);
    return entry;
  }
}

/** One of the journey's streams, while it is open. */
export class OpenStream<T> {
  constructor(
    private readonly entry: Entry,
    private readonly stream: AsyncIterableIterator<T>,
  ) {}

  /** The next message, for which `check`, if given, should hold. */
  async hears(check?: (message: T) => boolean): Promise<T> {
    const next = await this.next();
    if (next.done === true) fail(this.entry, new Error('the stream ended too early'));
    expectThat(this.entry, next.value, check);
    return next.value;
  }

  /** The server should have nothing more to say. */
  async ended(note: string): Promise<void> {
    const { done } = await this.next();
    if (done !== true) fail(this.entry, new Error('the stream should have ended'));
    this.entry.notes.push(note);
  }

  async hangUp(): Promise<void> {
    await this.stream.return?.();
    this.entry.notes.push('the caller hung up');
  }

  private next(): Promise<IteratorResult<T, unknown>> {
    return this.stream.next().catch((error: unknown) => fail(this.entry, error));
  }
}

/** Whether an entry is what it should be. */
export function asExpected({ expected, code, failed }: Entry): boolean {
  return code === expected && !failed;
}

function expectThat<T>(entry: Entry, answer: T, check: ((answer: T) => boolean) | undefined): void {
  if (check !== undefined && !check(answer)) fail(entry, new Error('the answer is not what it should be'));
}

function fail(entry: Entry, error: unknown): never {
  const words = inWords(error);
  entry.notes.push(words);
  entry.failed = true;
  throw new JourneyBroken(`${entry.rpc}: ${words}`, { cause: error });
}

function inWords(error: unknown): string {
  if (error instanceof ValidationError) {
    return `validation refused ${error.violations.map(({ field }) => field).join(', ')}`;
  }
  if (error instanceof BusinessError) return `typed error ${error.reason}`;
  if (error instanceof StatusError) return error.details;
  return error instanceof Error ? error.message : String(error);
}

/** When the server said that it may be asked again, if it did. */
function comeBack(error: unknown): string {
  const again = findDetail(error, 'retryInfo');
  return again === undefined ? '' : `, come back in ${(again.retryDelayMs / 1_000).toFixed(1)} s`;
}
