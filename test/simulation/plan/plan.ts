import type { Choices } from '../world/choices.js';

/** When something happens that need not happen at once. */
export const WHENS = ['at once', 'in a microtask', 'in the next tick', 'in an immediate', 1, 7, 60, 900] as const;
export type When = (typeof WHENS)[number];

/** How a hook answers. */
export interface Answer {
  readonly how: 'passes' | 'throws' | 'rejects' | 'never answers';
  readonly when: When;
}

/** Hooks of one interceptor of ours for one call; what is undefined is not there. */
export interface OursPlan {
  readonly type: 'ours';
  readonly name: string;
  /** What the function of the call does, before it answers its hooks. */
  readonly begins: 'well' | 'throws' | 'ends the call' | 'limits to the past' | 'limits to soon';
  readonly admit?: Answer;
  readonly onRequest?: Answer;
  readonly onResponse?: Answer;
  readonly onHeaders: boolean;
  readonly onStatus?: 'watches' | 'replaces' | 'throws' | 'ends the call';
  /** Ends the call (server), or does nothing. */
  readonly endsLater?: When;
  readonly endThrows: boolean;
  readonly scope: boolean;
}

export interface ForeignPlan {
  readonly type: 'foreign';
  readonly name: string;
  readonly way: 'hands on' | 'does not wait' | 'throws at start' | 'throws at a message' | 'throws in nextCall';
}

export interface RetryPlan {
  readonly type: 'retry' | 'hedging';
  readonly name: string;
  readonly attempts: number;
  readonly throttled: boolean;
  readonly listens: boolean;
  readonly delayMs: number;
  readonly attemptTimeoutMs?: number;
}

export interface LimitPlan {
  readonly type: 'limit';
  readonly name: string;
}

export type ClientLayer = OursPlan | ForeignPlan | RetryPlan;
export type ServerLayer = OursPlan | ForeignPlan | LimitPlan;
export type Kind = 'unary' | 'serverStream' | 'clientStream' | 'bidi';

/** Everything about a run but the order in which it happens. */
export interface Plan {
  readonly kind: Kind;
  readonly requests: number;
  readonly responses: number;
  readonly client: {
    readonly layers: readonly ClientLayer[];
    readonly deadlineMs?: number;
    readonly writeGap: When;
    readonly waitsForWrites: boolean;
    readonly halfCloses: boolean;
    readonly reads: 'at once' | 'slowly' | 'stops';
    readonly cancelsAt?: number;
    readonly closesAt?: number;
  };
  readonly server: {
    readonly layers: readonly ServerLayer[];
    readonly answers: 'OK' | 'an error' | 'by throwing' | 'never';
    readonly failingAttempts: number;
    readonly when: When;
    readonly gap: When;
    readonly waitsForWrites: boolean;
    /** Does not wait for the requests to end. */
    readonly early: boolean;
    /** Fails after its messages instead of ending well. */
    readonly failsAtEnd: boolean;
  };
  readonly network: {
    readonly dropsAt?: number;
    readonly silentAt?: number;
    readonly blockedAt?: number;
    readonly opensAt?: number;
  };
  readonly wallSteps: readonly { readonly at: number; readonly by: number }[];
}

const MOMENTS = [0, 1, 5, 40, 300, 2_000] as const;

/** What may be drawn. */
export interface Range {
  /** Nothing whose outcome depends on how time passes: for runs that are compared with real ones. */
  readonly gentle?: boolean;
}

/** Draws a plan. */
export function drawPlan(choices: Choices, range: Range = {}): Plan {
  const kind = choices.of(['unary', 'serverStream', 'clientStream', 'bidi'] as const, 'call kind');
  const streamsIn = kind === 'clientStream' || kind === 'bidi';
  const streamsOut = kind === 'serverStream' || kind === 'bidi';
  const whens = new Draw(choices, range.gentle === true);
  return {
    kind,
    requests: streamsIn ? choices.of([1, 2, 3, 4, 0], 'requests') : 1,
    responses: streamsOut ? choices.of([1, 2, 3, 4, 0], 'responses') : 1,
    client: drawClient(whens, streamsIn, streamsOut),
    server: drawServer(whens),
    network: whens.network(),
    wallSteps: whens.wallSteps(),
  };
}

function drawClient(draw: Draw, streamsIn: boolean, streamsOut: boolean): Plan['client'] {
  const { choices, gentle } = draw;
  return {
    layers: draw.clientLayers(),
    deadlineMs: gentle ? undefined : draw.maybe(25, 'client deadline', [5, 40, 300, 2_000]),
    writeGap: streamsIn ? draw.when('client pauses between messages') : 'at once',
    waitsForWrites: choices.chance(50, 'client waits for its writes'),
    halfCloses: !streamsIn || !choices.chance(gentle ? 0 : 7, 'client never half-closes'),
    reads: streamsOut && !gentle ? choices.of(['at once', 'slowly', 'stops'] as const, 'client reads', 0.7) : 'at once',
    cancelsAt: gentle ? undefined : draw.maybe(15, 'client cancels', MOMENTS),
    closesAt: gentle ? undefined : draw.maybe(12, 'client.close()', MOMENTS),
  };
}

function drawServer(draw: Draw): Plan['server'] {
  const { choices, gentle } = draw;
  return {
    layers: draw.serverLayers(),
    answers: choices.of(['OK', 'an error', 'by throwing', gentle ? 'OK' : 'never'] as const, 'handler answers', 0.6),
    failingAttempts: choices.of([0, 1, 2, 5], 'attempts that fail first', 0.5),
    when: draw.when('handler answers later'),
    gap: draw.when('handler pauses between messages'),
    waitsForWrites: choices.chance(50, 'handler waits for its writes'),
    early: choices.chance(gentle ? 0 : 10, 'handler does not wait for the requests'),
    failsAtEnd: choices.chance(gentle ? 0 : 10, 'handler fails after its messages'),
  };
}

/** Draws the parts of a plan. */
class Draw {
  constructor(
    readonly choices: Choices,
    readonly gentle: boolean,
  ) {}

  when(about: string): When {
    return this.choices.of(this.gentle ? WHENS.slice(0, 5) : WHENS, about, 0.5);
  }

  maybe<T>(percent: number, about: string, of: readonly T[]): T | undefined {
    return this.choices.chance(percent, about) ? this.choices.of(of, about) : undefined;
  }

  network(): Plan['network'] {
    if (this.gentle) return {};
    const blockedAt = this.maybe(8, 'client closes its window', MOMENTS);
    return {
      dropsAt: this.maybe(8, 'the connection breaks', MOMENTS),
      silentAt: this.maybe(5, 'the other side vanishes unnoticed', MOMENTS),
      blockedAt,
      opensAt: blockedAt === undefined ? undefined : this.maybe(50, 'client opens its window', [41, 350, 2_500]),
    };
  }

  wallSteps(): Plan['wallSteps'] {
    if (this.gentle || !this.choices.chance(10, 'the wall clock steps')) return [];
    const at = this.choices.of(MOMENTS, 'it steps at');
    return [{ at, by: this.choices.of([-60_000, 60_000, -500, 500], 'it steps by') }];
  }

  clientLayers(): ClientLayer[] {
    const layers: ClientLayer[] = [];
    let ours = false;
    let retries = false;
    for (let i = this.choices.pick(5, 'client interceptors', 0.2); i > 0; i--) {
      const name = `client ${layers.length + 1}`;
      const type = this.choices.pick(7, 'interceptor is', 0.4);
      if (type <= 3) layers.push(this.ours(name, false));
      else if (type === 4) layers.push(this.foreign(name, false, ours));
      else if (retries) continue;
      else layers.push(this.retry(name, type === 5 ? 'retry' : 'hedging'));
      ours ||= type <= 3;
      retries ||= type > 4;
    }
    return layers;
  }

  serverLayers(): ServerLayer[] {
    const layers: ServerLayer[] = [];
    for (let i = this.choices.pick(5, 'server interceptors', 0.2); i > 0; i--) {
      const name = `server ${layers.length + 1}`;
      const type = this.choices.pick(6, 'interceptor is', 0.4);
      if (type <= 3) layers.push(this.ours(name, true));
      else if (type === 4) layers.push(this.foreign(name, true, false));
      else layers.push({ type: 'limit', name });
    }
    return layers;
  }

  private ours(name: string, server: boolean): OursPlan {
    const { choices, gentle } = this;
    const begins = server
      ? (['well', 'throws', 'ends the call', 'limits to the past', 'limits to soon'] as const)
      : (['well', 'throws', 'limits to the past', 'limits to soon'] as const);
    const onStatus = server
      ? (['watches', 'replaces', 'throws', 'ends the call'] as const)
      : (['watches', 'replaces', 'throws'] as const);
    return {
      type: 'ours',
      name,
      begins: choices.of(gentle ? begins.slice(0, 2) : begins, `${name} begins`, 0.85),
      admit: this.answer(`${name} admit`, 50),
      onRequest: this.answer(`${name} onRequest`, 35),
      onResponse: this.answer(`${name} onResponse`, 35),
      onHeaders: choices.chance(20, `${name} onHeaders`),
      onStatus: this.choices.chance(25, `${name} onStatus`) ? choices.of(onStatus, `${name} onStatus`, 0.4) : undefined,
      endsLater: server && !gentle ? this.maybe(5, `${name} ends the call`, WHENS) : undefined,
      endThrows: choices.chance(5, `${name} onEnd throws`),
      scope: server && choices.chance(15, `${name} scope`),
    };
  }

  private answer(about: string, percent: number): Answer | undefined {
    if (!this.choices.chance(percent, about)) return undefined;
    const ways = ['passes', 'throws', 'rejects', 'never answers'] as const;
    const how = this.choices.of(this.gentle ? ways.slice(0, 3) : ways, about, 0.75);
    return { how, when: how === 'never answers' || how === 'throws' ? 'at once' : this.when(`${about} answers`) };
  }

  private foreign(name: string, server: boolean, mayThrow: boolean): ForeignPlan {
    const ways = server
      ? (['hands on', 'does not wait'] as const)
      : mayThrow
        ? (['hands on', 'throws at start', 'throws at a message', 'throws in nextCall'] as const)
        : (['hands on'] as const);
    return { type: 'foreign', name, way: this.choices.of<ForeignPlan['way']>(ways, `${name} (foreign)`) };
  }

  private retry(name: string, type: 'retry' | 'hedging'): RetryPlan {
    const { choices, gentle } = this;
    return {
      type,
      name,
      attempts: choices.of([2, 3, 4], `${name} attempts`),
      throttled: choices.chance(40, `${name} throttled`),
      listens: choices.chance(40, `${name} listens`),
      delayMs: choices.of([1, 30, 400], `${name} delay`),
      attemptTimeoutMs:
        gentle || type === 'hedging' ? undefined : this.maybe(15, `${name} attempt timeout`, [5, 50, 500]),
    };
  }
}
