import { useComputed, useSignal } from '@preact/signals';
import type { CallSummary } from '../../../src/gateway/contract.js';
import { milliseconds, timeOf } from '../words.js';
import { held, paused, shownCalls, unlisted } from './recent-calls.js';
import './call-table.css';

/** More rows than this nobody reads. */
const SHOWN = 60;

const KINDS = {
  all: ['All calls', () => true],
  errors: ['Only errors', ({ code }: CallSummary) => code !== 'OK'],
  retried: ['Only retried', ({ attempts }: CallSummary) => attempts > 1],
} as const satisfies Record<string, readonly [string, (call: CallSummary) => boolean]>;

/** The last calls; each opens to its trace. */
export function CallTable() {
  const text = useSignal('');
  const kind = useSignal<keyof typeof KINDS>('all');
  const shown = useComputed(() => {
    const wanted = text.value.trim().toLowerCase();
    const fits = KINDS[kind.value][1];
    return shownCalls.value.filter((call) => fits(call) && contains(call, wanted)).slice(0, SHOWN);
  });
  return (
    <section class="sheet stack" aria-label="Last calls">
      <div class="row filters">
        <h2>Last calls</h2>
        <input
          type="search"
          aria-label="Filter calls"
          placeholder="Method, replica, code…"
          value={text}
          onInput={(event) => (text.value = event.currentTarget.value)}
        />
        <select
          aria-label="Which calls"
          value={kind}
          onChange={(event) => (kind.value = event.currentTarget.value as keyof typeof KINDS)}
        >
          {Object.entries(KINDS).map(([value, [name]]) => (
            <option key={value} value={value}>
              {name}
            </option>
          ))}
        </select>
        <button aria-pressed={paused.value} onClick={() => (paused.value = !paused.value)}>
          {paused.value ? 'Go on' : 'Pause'}
        </button>
      </div>
      <div
        class="scroll"
        tabIndex={0}
        role="region"
        aria-label="Calls"
        onPointerEnter={() => (held.value = true)}
        onPointerLeave={() => (held.value = false)}
        onFocusIn={() => (held.value = true)}
        onFocusOut={() => (held.value = false)}
      >
        <table class="calls">
          <thead>
            <tr>
              <th scope="col">When</th>
              <th scope="col">Call</th>
              <th scope="col">Status</th>
              <th scope="col">Way</th>
              <th scope="col" class="number">
                Attempts
              </th>
              <th scope="col" class="number">
                Took
              </th>
            </tr>
          </thead>
          <tbody>
            {shown.value.map((call) => (
              <Row key={call.id} {...call} />
            ))}
          </tbody>
        </table>
        {shown.value.length === 0 && (
          <p class="soft nothing">No call fits. Browse the shop in another tab to see some.</p>
        )}
      </div>
      {unlisted.value > 0 && (
        <p class="soft">
          {unlisted.value.toLocaleString('en-US')} more calls were too many to list, and are counted above.
        </p>
      )}
    </section>
  );
}

function Row({ traceId, at, rpc, code, from, replica, attempts, durationMs, note }: CallSummary) {
  return (
    <tr>
      <td class="soft">{timeOf(at)}</td>
      <td>
        <a href={`/live/${traceId}`}>{rpc}</a>
        {note && <small class="soft"> {note}</small>}
      </td>
      <td>
        <span class={`badge ${code === 'OK' ? 'good' : 'bad'}`}>{code}</span>
      </td>
      <td>
        <small class="soft">{from} →</small> {replica}
      </td>
      <td class="number">{attempts > 1 ? <span class="badge warn">{attempts}</span> : attempts}</td>
      <td class="number">{milliseconds(durationMs)}</td>
    </tr>
  );
}

function contains({ rpc, code, from, replica, note = '', traceId }: CallSummary, wanted: string): boolean {
  return `${rpc} ${code} ${from} ${replica} ${note} ${traceId}`.toLowerCase().includes(wanted);
}
