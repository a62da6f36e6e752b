/** On the way to the handler: being admitted, then each request message; and from it: each response, then the status. */
export type Phase = 'admitted' | 'request' | 'outwards';

/**
 * The time that a call spends in each interceptor and in its handler. Marks stand between the interceptors, and what
 * passes between two neighbouring marks was spent in the interceptor between them.
 */
export class Stopwatch {
  /** Milliseconds, outermost first; the last is the handler's. */
  readonly spent: number[];
  /** Of the last mark; none yet. */
  private position = Number.NaN;
  private phase: Phase = 'admitted';
  private at = performance.now();

  /** @param links How many interceptors there are; one more mark stands behind the last. */
  constructor(private readonly links: number) {
    this.spent = new Array<number>(links + 1).fill(0);
  }

  /** A call comes by the mark before the interceptor of a position. */
  mark(position: number, phase: Phase): void {
    const now = performance.now();
    const link = this.linkTo(position, phase);
    if (link !== undefined) this.spent[link]! += now - this.at;
    this.position = position;
    this.phase = phase;
    this.at = now;
  }

  /** What lies between the last mark and this one, if that is known. */
  private linkTo(position: number, phase: Phase): number | undefined {
    if (phase !== 'outwards') return this.phase === phase && this.position === position - 1 ? position - 1 : undefined;
    if (this.phase === 'outwards' && this.position === position + 1) return position;
    // It turned round: in the handler, or in an interceptor that refused it.
    if (this.position === position || position === this.links) return position;
    return undefined;
  }
}
