import { status } from '@grpc/grpc-js';
import { BusinessError, StatusError, ValidationError } from 'grpc-js-middleware';
import { recorded, type Entry } from './recorder.js';
import { asExpected } from './table.js';

/** A step did not do what it should: those behind it would make no sense. */
export class JourneyBroken extends Error {}

/** The calls of a customer, one after another, each with what should come of it. */
export class Journey {
  readonly entries: Entry[] = [];

  /** A call that should succeed with an answer for which `check`, if given, holds. */
  async succeeds<T>(makeCall: () => Promise<T>, check: (answer: T) => boolean = () => true): Promise<T> {
    const entry = this.begin(status.OK);
    const answer = await recorded(entry, makeCall).catch((error: unknown) => fail(entry, error));
    if (!check(answer)) fail(entry, new Error('the answer is not what it should be'));
    return answer;
  }

  /** A call that should be refused with this code. */
  async isRefused(code: status, makeCall: () => Promise<unknown>): Promise<void> {
    const entry = this.begin(code);
    const error = await recorded(entry, makeCall).then(
      () => new Error('it should have been refused'),
      (thrown: unknown) => thrown,
    );
    if (!asExpected(entry)) fail(entry, error);
    entry.notes.push(inWords(error));
  }

  /** What the middleware did in the step just done, where its answer does not tell. */
  note(text: string): void {
    this.entries.at(-1)?.notes.push(text);
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
      replica: '',
      durationMs: 0,
      notes: [],
      failed: false,
    };
    this.entries.push(entry);
    return entry;
  }
}

function fail(entry: Entry, error: unknown): never {
  const words = inWords(error);
  entry.notes.push(words);
  entry.failed = true;
  throw new JourneyBroken(`${entry.rpc}: ${words}`, { cause: error });
}

function inWords(error: unknown): string {
  if (error instanceof ValidationError)
    return `validation refused ${error.violations.map(({ field }) => field).join(', ')}`;
  if (error instanceof BusinessError) return `typed error ${error.reason}`;
  if (error instanceof StatusError) return error.details;
  return error instanceof Error ? error.message : String(error);
}
