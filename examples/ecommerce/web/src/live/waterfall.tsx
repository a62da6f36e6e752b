import type { SpanDetail } from '../../../src/gateway/contract.js';
import { milliseconds } from '../words.js';

/** The spans of a trace, each where and as long as it ran, under the one that it belongs to. */
export function Waterfall({ spans }: { readonly spans: readonly SpanDetail[] }) {
  const end = Math.max(...spans.map(({ startMs, durationMs }) => startMs + durationMs), 0.001);
  const share = (ms: number) => `${(ms / end) * 100}%`;
  return (
    <section aria-label="Spans">
      <h3>Spans</h3>
      <ol class="waterfall">
        {inOrder(spans).map(({ span, depth }) => (
          <li key={span.id} class={`${span.kind.toLowerCase()} ${span.code === 'ERROR' ? 'failed' : ''}`}>
            <span class="what" style={{ paddingInlineStart: `${depth * 0.9}rem` }} title={span.name}>
              {span.name} <small class="soft">{span.process}</small>
            </span>
            <span class="track">
              <span class="bar" style={{ left: share(span.startMs), width: share(span.durationMs) }} />
            </span>
            <span class="number">{milliseconds(span.durationMs)}</span>
          </li>
        ))}
      </ol>
    </section>
  );
}

interface Nested {
  readonly span: SpanDetail;
  readonly depth: number;
}

/** Each span before those that it led to. What belongs to a span that is not here stands at the top. */
function inOrder(spans: readonly SpanDetail[]): Nested[] {
  const known = new Set(spans.map(({ id }) => id));
  const below = (parentId: string, depth: number): Nested[] =>
    spans
      .filter((span) => (known.has(span.parentId) ? span.parentId : '') === parentId)
      .flatMap((span) => [{ span, depth }, ...below(span.id, depth + 1)]);
  return below('', 0);
}
