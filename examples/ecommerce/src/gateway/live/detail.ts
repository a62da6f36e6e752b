import type { SpanRecord, TraceRecord } from '../../telemetry/traces.js';
import type { CallDetail, SpanDetail } from '../contract.js';

/** A trace as a whole, from what each process remembers of it; nothing when none does. */
export function detailOf(records: readonly TraceRecord[]): CallDetail | undefined {
  if (records.length === 0) return undefined;
  return {
    spans: spansOf(records.flatMap(({ spans }) => spans)),
    lines: records.flatMap(({ lines }) => lines).map((line) => JSON.parse(line) as Record<string, unknown>),
    status: records.find(({ status }) => status !== undefined)?.status ?? { code: 'OK' },
    chain: records.flatMap(({ chain }) => chain),
  };
}

function spansOf(records: readonly SpanRecord[]): SpanDetail[] {
  const sorted = [...records].sort((a, b) => a.startedAt - b.startedAt);
  const owners = new Map(records.map((record) => [record.id, record]));
  return sorted.map(({ startedAt, ...span }) => ({
    ...span,
    process: ownerOf(span, owners),
    startMs: startedAt - sorted[0]!.startedAt,
  }));
}

/** Calls that a service makes are its own, though only the span of the call that it serves says which replica it is. */
function ownerOf({ kind, parentId, process }: Omit<SpanRecord, 'startedAt'>, owners: Map<string, SpanRecord>): string {
  const parent = owners.get(parentId);
  return kind === 'CLIENT' && parent !== undefined ? ownerOf(parent, owners) : process;
}
