import { Family } from '../exposition.js';
import { OTHER } from '../labels.js';
import { Tally } from './tally.js';

/** The states of a circuit breaker. */
export type CountedState = 'closed' | 'open' | 'half_open' | 'forced_open' | 'forced_closed';

/** A circuit breaker changed its state. */
export interface CountedStateChange {
  /** Which breaker: of the interceptor's `key`. */
  readonly key: string;
  /** The state before. */
  readonly from: CountedState;
  /** The state from now on. */
  readonly to: CountedState;
}

const VALUES = { closed: 0, forced_closed: 0, half_open: 0.5, open: 1, forced_open: 1 } as const;
type Value = (typeof VALUES)[CountedState];

/** How many breakers of one key are in which state: two clients of a service have a breaker each. */
type Breakers = Record<Value, number>;

/** The states of circuit breakers, and how often they change. */
export class BreakerStates {
  private readonly transitions = new Tally(
    'grpc_client_circuit_breaker_transitions_total',
    'Changes of a circuit breaker from one state to another.',
    ['key', 'from', 'to'],
  );
  private readonly state: Family;
  readonly families: readonly Family[];
  private readonly keys = new Map<string, Breakers>();
  private warned = false;

  constructor(private readonly maxKeys: number) {
    const name = 'grpc_client_circuit_breaker_state';
    const help =
      'Worst state of the circuit breakers of this key: 0 closed, 0.5 half-open, 1 open. Known once one has changed.';
    this.state = new Family(
      { name, help, type: 'gauge', aggregator: 'max' },
      () => [...this.keys].map(([key, breakers]) => ({ labels: { key }, value: worst(breakers) })),
      // The breakers are as they were.
      () => undefined,
    );
    this.families = [this.state, this.transitions.family];
  }

  change({ key, from, to }: CountedStateChange): void {
    const breakers = this.of(key);
    this.transitions.add([breakers === undefined ? OTHER : key, from, to]);
    if (breakers === undefined) return;
    breakers[VALUES[from]] = Math.max(0, breakers[VALUES[from]] - 1);
    breakers[VALUES[to]]++;
  }

  /** Undefined for a key that is one too many: a state of all the others together would be nobody's. */
  private of(key: string): Breakers | undefined {
    const found = this.keys.get(key);
    if (found !== undefined) return found;
    if (this.keys.size >= this.maxKeys) return this.full();
    const breakers = { 0: 0, 0.5: 0, 1: 0 };
    this.keys.set(key, breakers);
    return breakers;
  }

  private full(): undefined {
    if (this.warned) return;
    this.warned = true;
    const what = `circuit breakers have more than ${this.maxKeys} keys; changes of the rest are counted as '${OTHER}'`;
    process.emitWarning(`metrics: ${what}`, { code: 'GRPC_JS_MIDDLEWARE_LABELS' });
  }
}

function worst(breakers: Breakers): Value {
  if (breakers[1] > 0) return 1;
  return breakers[0.5] > 0 ? 0.5 : 0;
}
