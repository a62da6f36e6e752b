import type { LoadState } from '../../../src/gateway/contract.js';
import { endLoad, setLoad } from '../api/break.js';
import { Notice } from '../parts/notice.js';
import { rate } from '../words.js';
import { useDeed } from './use-deed.js';

const TIMES = [1, 2, 3, 4];

/** Offers more calls than the services can take. */
export function LoadControls({ load }: { readonly load: LoadState | null }) {
  const { attempt, refusal } = useDeed();
  return (
    <section class="sheet stack" aria-label="Load">
      <h2>Load</h2>
      <p class="soft">So many times what the services can take; it ends by itself after a minute.</p>
      <div class="row">
        {TIMES.map((times) => (
          <button
            key={times}
            class="danger"
            aria-pressed={load?.times === times}
            onClick={() => attempt(`load ${times}×`, setLoad({ times }))}
          >
            {times}×
          </button>
        ))}
        {load && <button onClick={() => attempt('load ends', endLoad())}>End it</button>}
      </div>
      {load && (
        <p>
          {rate(load.callsPerSecond)} offered: <span class="badge good">{load.succeeded} answered</span>{' '}
          <span class="badge warn">{load.refused} refused</span> <span class="badge bad">{load.failed} failed</span>
        </p>
      )}
      <Notice refusal={refusal} />
    </section>
  );
}
