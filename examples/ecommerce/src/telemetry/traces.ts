import type { CallDetail, ChainLink, SpanDetail } from '../gateway/contract.js';

const MAX_TRACES = 1_000;
/** Of each kind of thing in one trace: a stream that is open for hours would grow otherwise. */
const MAX_THINGS = 300;

/** A span with the time of its start, in milliseconds since 1970: others' are needed to make it relative. */
export type SpanRecord = Omit<SpanDetail, 'startMs' | 'process'> & {
  readonly startedAt: number;
  /** The process that it is of; a replica's name where that is known to be more precise. */
  readonly process: string;
};

/** What a process remembers of a trace, in a form that travels. */
export interface TraceRecord {
  readonly spans: readonly SpanRecord[];
  /** As they stand in the log: JSON. */
  readonly lines: readonly string[];
  readonly chain: readonly ChainLink[];
  /** Of the outermost call, which only one process knows. */
  readonly status?: CallDetail['status'];
}

/** A trace that is being remembered. */
export class Trace implements TraceRecord {
  readonly spans: SpanRecord[] = [];
  readonly lines: string[] = [];
  readonly chain: ChainLink[] = [];
  status?: CallDetail['status'];

  addSpan(span: SpanRecord): void {
    if (this.spans.length < MAX_THINGS) this.spans.push(span);
  }

  addLine(line: string): void {
    if (this.lines.length < MAX_THINGS) this.lines.push(line);
  }

  addChain(links: readonly ChainLink[]): void {
    if (this.chain.length + links.length <= MAX_THINGS) this.chain.push(...links);
  }
}

/** The traces that were begun last. */
export class Traces {
  private readonly known = new Map<string, Trace>();

  /** @param share Of the traces, which processes have to agree on so that they remember the same ones. */
  constructor(public share: number) {}

  /** The record of a trace, a new one if need be; none for the traces that are not kept, and for what has no trace. */
  of(traceId: string): Trace | undefined {
    if (!this.keeps(traceId)) return undefined;
    const found = this.known.get(traceId);
    if (found !== undefined) return found;
    if (this.known.size === MAX_TRACES) this.known.delete(this.known.keys().next().value!);
    const trace = new Trace();
    this.known.set(traceId, trace);
    return trace;
  }

  find(traceId: string): TraceRecord | undefined {
    return this.known.get(traceId);
  }

  /** Ids are random, so their ends are as good as dice. */
  keeps(traceId: string): boolean {
    return traceId !== '' && Number.parseInt(traceId.slice(-8), 16) < this.share * 2 ** 32;
  }
}
