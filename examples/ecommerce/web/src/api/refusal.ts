import type { CallError, ErrorBody } from '../../../src/gateway/contract.js';

/** A call that failed, with all that the shop says about it. */
export class Refusal extends Error {
  constructor(readonly status: CallError) {
    super(status.message);
  }

  /** What is wrong with each field, by its name in the proto. */
  get fields(): ReadonlyMap<string, string> {
    return new Map(this.status.violations?.map(({ field, description }) => [field, description]));
  }

  /** For people. */
  get sentence(): string {
    if (this.status.violations) return 'Some fields need another look.';
    if (this.status.code === 'UNAUTHENTICATED') return 'Please sign in first.';
    const text = this.status.message;
    return /[.!?]$/.test(text) ? text : `${text}.`;
  }

  /** Whatever was thrown, as what can be shown. */
  static from(error: unknown): Refusal {
    if (error instanceof Refusal) return error;
    return new Refusal({ code: 'UNAVAILABLE', message: 'The shop does not answer. Is it open?', details: [] });
  }

  /** What an answer that is not a success says. */
  static async of(response: Response): Promise<Refusal> {
    const body = (await response.json().catch(() => undefined)) as ErrorBody | undefined;
    return new Refusal(
      body?.error ?? { code: 'UNKNOWN', message: `The shop answered ${response.status}`, details: [] },
    );
  }
}

/** Whether it was our own doing: a question that nobody waits for any more. */
export function isAborted(error: unknown): boolean {
  return error instanceof DOMException && error.name === 'AbortError';
}
