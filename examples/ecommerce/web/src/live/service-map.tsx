import type { Edge, LiveSnapshot, ReplicaState } from '../../../src/gateway/contract.js';
import { milliseconds, percent, rate } from '../words.js';
import { knownEdges } from './known-edges.js';
import { layoutOf, NODE, routeOf, WALL, WIDTH, type Place, type Route } from './layout.js';
import './service-map.css';

/** More than this share of errors is worth a colour. */
const BAD = 0.01;

/** Who calls whom, how often and how well. The table below says the same in words. */
export function ServiceMap({ snapshot }: { readonly snapshot: LiveSnapshot }) {
  const layout = layoutOf(snapshot.replicas);
  const routes = knownEdges.value.flatMap((edge) => routeOf(edge, layout) ?? []);
  return (
    <section class="sheet map" aria-label="Map of the services">
      <div class="scroll" tabIndex={0} role="region" aria-label="Map, drawn">
        <svg viewBox={`0 0 ${WIDTH} ${layout.height}`} role="img" aria-label={inWords(snapshot)}>
          <g class="wall">
            <rect x={WALL.x} y="12" width={WALL.width} height={layout.height - 24} rx="10" />
            <text transform={`translate(${WALL.x + WALL.width / 2 + 5} ${layout.height / 2}) rotate(-90)`}>
              customers
            </text>
          </g>
          {routes.map((route) => (
            <EdgeLine key={`${route.edge.from} ${route.edge.to}`} {...route} />
          ))}
          {layout.places.map((place) => (
            <Node key={place.replica.name} {...place} />
          ))}
          {routes.map((route) => (
            <EdgeLabel key={`${route.edge.from} ${route.edge.to}`} {...route} />
          ))}
        </svg>
      </div>
      <EdgeTable edges={knownEdges.value} />
    </section>
  );
}

function EdgeLine({ edge, path }: Route) {
  const { callsPerSecond, errorRate } = edge;
  const width = Math.min(1.2 + Math.log2(1 + callsPerSecond) / 1.6, 6);
  return <path class={`edge ${toneOf(errorRate)} ${callsPerSecond > 0 ? 'busy' : ''}`} d={path} stroke-width={width} />;
}

function EdgeLabel({ edge, label }: Route) {
  const { callsPerSecond, errorRate, p99Ms, retriesPerSecond } = edge;
  if (callsPerSecond === 0) return null;
  const retried = retriesPerSecond > 0 ? ` · ↻ ${rate(retriesPerSecond)}` : '';
  return (
    <text class={`edge-label ${toneOf(errorRate)}`} x={label.x} y={label.y}>
      {rate(callsPerSecond)} · {percent(errorRate)} · {milliseconds(p99Ms)}
      {retried}
    </text>
  );
}

function Node({ replica, x, y }: Place) {
  const { name, callsPerSecond, inFlight } = replica;
  const state = stateOf(replica);
  return (
    <g class={`node ${state.tone}`} transform={`translate(${x - NODE.width / 2} ${y - NODE.height / 2})`}>
      <rect width={NODE.width} height={NODE.height} rx="10" />
      {/* The shape says what the colour says. */}
      <text class="sign" x="16" y="31">
        {state.sign}
      </text>
      <text class="name" x="38" y="21">
        {name}
      </text>
      <text class="load" x="38" y="39">
        {state.tone === 'good' ? `${rate(callsPerSecond)} · ${inFlight} in flight` : state.word}
      </text>
    </g>
  );
}

interface State {
  readonly word: string;
  readonly sign: string;
  readonly tone: 'good' | 'warn' | 'bad';
}

/** How a replica is, in a word, a sign and a colour. */
export function stateOf({ health, accident }: Pick<ReplicaState, 'health' | 'accident'>): State {
  if (accident === 'stopped') return { word: 'stopped', sign: '✕', tone: 'bad' };
  if (accident === 'hanging') return { word: 'hanging', sign: '◐', tone: 'warn' };
  if (health === 'SERVING') return { word: 'serving', sign: '●', tone: 'good' };
  if (health === 'NOT_SERVING') return { word: 'not serving', sign: '▲', tone: 'warn' };
  return { word: 'unreachable', sign: '✕', tone: 'bad' };
}

function toneOf(errorRate: number): '' | 'warn' | 'bad' {
  if (errorRate < BAD) return '';
  return errorRate < 0.1 ? 'warn' : 'bad';
}

function inWords({ replicas }: LiveSnapshot): string {
  return `Map: ${replicas.map((replica) => `${replica.name} ${stateOf(replica).word}`).join(', ')}`;
}

function EdgeTable({ edges }: { readonly edges: readonly Edge[] }) {
  return (
    <details>
      <summary>The same as a table</summary>
      <div class="scroll" tabIndex={0} role="region" aria-label="Map, as a table">
        <table>
          <thead>
            <tr>
              <th scope="col">From</th>
              <th scope="col">To</th>
              {['Calls', 'Errors', 'p50', 'p99', 'Retries'].map((name) => (
                <th key={name} scope="col" class="number">
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {edges.map(({ from, to, callsPerSecond, errorRate, p50Ms, p99Ms, retriesPerSecond }) => (
              <tr key={`${from} ${to}`}>
                <td>{from}</td>
                <td>{to}</td>
                <td class="number">{rate(callsPerSecond)}</td>
                <td class="number">{percent(errorRate)}</td>
                <td class="number">{milliseconds(p50Ms)}</td>
                <td class="number">{milliseconds(p99Ms)}</td>
                <td class="number">{rate(retriesPerSecond)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </details>
  );
}
