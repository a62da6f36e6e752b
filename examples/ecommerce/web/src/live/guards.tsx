import type { BreakerState, LiveSnapshot, ReplicaState } from '../../../src/gateway/contract.js';
import './guards.css';

const BREAKERS = {
  closed: ['closed', 'good'],
  half_open: ['tries again', 'warn'],
  open: ['open', 'bad'],
} as const satisfies Record<BreakerState['state'], readonly [string, string]>;

/** What protects the services, and what it does at the moment. */
export function Guards({ snapshot }: { readonly snapshot: LiveSnapshot }) {
  return (
    <section class="sheet guards" aria-label="Breakers and limits">
      <div>
        <h2>Circuit breakers</h2>
        {snapshot.breakers.length === 0 && <p class="soft">None has been asked yet.</p>}
        <ul>
          {snapshot.breakers.map(({ owner, service, state }) => (
            <li key={`${owner} ${service}`}>
              <span>
                <small class="soft">{owner} →</small> {service}
              </span>
              <span class={`badge ${BREAKERS[state][1]}`}>{BREAKERS[state][0]}</span>
            </li>
          ))}
        </ul>
      </div>
      <div>
        <h2>Limits and shedding</h2>
        <ul>
          {limitsOf(snapshot.replicas).map(({ kind, admitted, refused, refusing }) => (
            <li key={kind}>
              <span>
                {kind}
                {refusing.length > 0 && <small class="soft"> at {refusing.join(', ')}</small>}
              </span>
              <span class={`badge ${refused > 0 ? 'bad' : 'good'}`}>
                {admitted} in, {refused} refused
              </span>
            </li>
          ))}
        </ul>
      </div>
    </section>
  );
}

/** Each kind of limit over all replicas, and which of them refuse. */
function limitsOf(replicas: readonly ReplicaState[]) {
  const limits = replicas.flatMap(({ name, limits }) => limits.map((limit) => ({ name, ...limit })));
  const kinds = [...new Set(limits.map(({ kind }) => kind))];
  return kinds.map((kind) => {
    const ofKind = limits.filter((limit) => limit.kind === kind);
    return {
      kind,
      admitted: ofKind.reduce((sum, { admitted }) => sum + admitted, 0),
      refused: ofKind.reduce((sum, { refused }) => sum + refused, 0),
      refusing: ofKind.filter(({ refused }) => refused > 0).map(({ name }) => name),
    };
  });
}
