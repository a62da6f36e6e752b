import { open, stat } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { FLUSH_MS, SPAN_FILE, type SpanLine } from '../observability/tracing.js';

/** How much of the file of spans there is already: what a journey adds comes behind. */
export async function endOfSpans(): Promise<number> {
  return stat(SPAN_FILE).then(
    ({ size }) => size,
    () => 0,
  );
}

/** The trace of a call of this method that somebody made from outside, as a tree, once all processes wrote it. */
export async function traceOf(method: string, from: number): Promise<string> {
  await delay(2 * FLUSH_MS);
  const spans = await spansSince(from);
  const roots = spans.filter((span) => span.name === method && span.parentSpanId === undefined);
  const root = roots.find((span) => codeOf(span) === 'OK') ?? roots[0];
  if (root === undefined) return `No trace of ${method}.`;
  const trace = spans.filter(({ traceId }) => traceId === root.traceId);
  return [`The trace of ${method}, ${root.traceId}:`, ...branch(trace, root, '')].join('\n');
}

async function spansSince(from: number): Promise<SpanLine[]> {
  const file = await open(SPAN_FILE);
  try {
    const { buffer, bytesRead } = await file.read({
      buffer: Buffer.alloc((await file.stat()).size - from),
      position: from,
    });
    const lines = buffer.toString('utf8', 0, bytesRead).split('\n').filter(Boolean);
    return lines.map((line) => JSON.parse(line) as SpanLine);
  } finally {
    await file.close();
  }
}

/** A span and what happened inside it, indented. */
function branch(trace: readonly SpanLine[], span: SpanLine, indent: string): string[] {
  const inside = trace
    .filter(({ parentSpanId }) => parentSpanId === span.spanId)
    .toSorted((a, b) => a.start.localeCompare(b.start));
  return [indent + words(span), ...inside.flatMap((each) => branch(trace, each, `${indent}  `))];
}

function words(span: SpanLine): string {
  const { name, kind, service, durationMs } = span;
  return `${name} · ${service}, ${kind.toLowerCase()} · ${codeOf(span)} · ${durationMs.toFixed(1)} ms`;
}

const codeOf = ({ attributes }: SpanLine): string => attributes['rpc.status_code'] as string;
