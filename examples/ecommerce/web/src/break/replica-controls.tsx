import type { ReplicaState } from '../../../src/gateway/contract.js';
import { strike } from '../api/break.js';
import { stateOf } from '../live/service-map.js';
import { Notice } from '../parts/notice.js';
import { useDeed } from './use-deed.js';

/** Stops, hangs and brings back replicas. */
export function ReplicaControls({ replicas }: { readonly replicas: readonly ReplicaState[] }) {
  const { attempt, refusal } = useDeed();
  return (
    <section class="sheet stack" aria-label="Replicas">
      <h2>Replicas</h2>
      <ul class="replicas">
        {replicas.map((replica) => {
          const { name, accident } = replica;
          const { word, tone } = stateOf(replica);
          return (
            <li key={name}>
              <strong>{name}</strong>
              <span class={`badge ${tone}`}>{word}</span>
              {accident === null && (
                <>
                  <button
                    class="small danger"
                    aria-label={`Stop ${name}`}
                    onClick={() => attempt(`stop ${name}`, strike(name, 'stop'))}
                  >
                    Stop
                  </button>
                  <button
                    class="small danger"
                    aria-label={`Hang ${name}`}
                    onClick={() => attempt(`hang ${name}`, strike(name, 'hang'))}
                  >
                    Hang
                  </button>
                </>
              )}
              {accident !== null && (
                <button
                  class="small"
                  aria-label={`Bring back ${name}`}
                  onClick={() => attempt(`${name} back`, strike(name, accident === 'stopped' ? 'start' : 'resume'))}
                >
                  Bring back
                </button>
              )}
            </li>
          );
        })}
      </ul>
      <Notice refusal={refusal} />
    </section>
  );
}
