import { optionError } from '../core/base/options.js';

/** What stands in the place of a value that must not be logged. */
export const REDACTED = '[Redacted]';

/** Names whose values are credentials wherever they appear: in metadata, payloads and errors alike. */
const SECRET = new Set(['authorization', 'proxyauthorization', 'cookie', 'setcookie']);

/**
 * One step of the paths to redact. The paths are compiled into a tree once, and a value is compared with all of them in
 * the one walk that copies it: nothing is written into the application's own objects.
 */
interface Step {
  /** A path ends here. */
  ends: boolean;
  readonly children: Map<string, Step>;
  /** `*`: any one name. */
  any: Step | undefined;
  /** `**`: any number of names. */
  deep: Step | undefined;
  /** This step is such a `**`: it is still there after each name. */
  readonly repeats: boolean;
}

/** Where a walk stands in the paths: the steps that the names so far have led to. */
export type RedactState = readonly Step[];

const NOWHERE: RedactState = [];

/** Compares names with paths while a value is walked. */
export class Redactor {
  /** Before the first name. */
  readonly start: RedactState;

  /** @throws TypeError naming `option` when it is no list of paths. */
  constructor(paths: readonly string[], option: string) {
    if (!Array.isArray(paths)) throw optionError(option, 'a list of paths', paths);
    const root = newStep();
    paths.forEach((path, index) => addPath(root, segmentsOf(path, `${option}[${index}]`)));
    this.start = paths.length === 0 ? NOWHERE : withDeep([root]);
  }

  /** Goes on by one name; undefined when the value under that name must not be shown. */
  enter(state: RedactState, name: string): RedactState | undefined {
    const key = normal(name);
    if (SECRET.has(key) || /-bin$/i.test(name)) return undefined;
    if (state.length === 0) return NOWHERE;
    const next: Step[] = [];
    for (const step of state) {
      const child = step.children.get(key);
      if (child !== undefined) next.push(child);
      if (step.any !== undefined) next.push(step.any);
      if (step.repeats) next.push(step);
    }
    if (next.some((step) => step.ends)) return undefined;
    return next.length === 0 ? NOWHERE : withDeep(next);
  }

  /** Goes on into an element of a list. Paths may name the index, write `[*]`, or not mention the list at all. */
  enterElement(state: RedactState, index: number): RedactState | undefined {
    if (state.length === 0) return NOWHERE;
    const named = this.enter(state, String(index));
    return named && [...new Set([...state, ...named])];
  }
}

function newStep(repeats = false): Step {
  return { ends: false, children: new Map(), any: undefined, deep: undefined, repeats };
}

/** A `**` may stand for no name at all. */
function withDeep(steps: Step[]): RedactState {
  for (const { deep } of steps) if (deep !== undefined && !steps.includes(deep)) steps.push(deep);
  return steps;
}

function addPath(root: Step, segments: readonly string[]): void {
  let step = root;
  for (const segment of segments) {
    if (segment === '*') step = step.any ??= newStep();
    else if (segment === '**') step = step.deep ??= newStep(true);
    else step = child(step, normal(segment));
  }
  step.ends = true;
}

function child(step: Step, key: string): Step {
  const found = step.children.get(key) ?? newStep();
  step.children.set(key, found);
  return found;
}

/** `card_number`, `cardNumber` and `card-number` are one name: which of them a message has is the code generator's choice. */
function normal(name: string): string {
  return name.toLowerCase().replace(/[_-]/g, '');
}

/** `items[0].card.number` and `["x-api-key"]` in names. */
function segmentsOf(path: unknown, option: string): readonly string[] {
  const expected = "a path such as 'card.number', 'items[*].cvv', '**.password' or '[\"x-api-key\"]'";
  if (typeof path !== 'string' || path === '') throw optionError(option, expected, path);
  const segment = /(?:^|\.)([^.[\]]+)|\[(\d+|\*)\]|\["([^"]+)"\]|\['([^']+)'\]/gy;
  const segments: string[] = [];
  while (segment.lastIndex < path.length) {
    const match = segment.exec(path);
    if (match === null) throw optionError(option, expected, path);
    segments.push((match[1] ?? match[2] ?? match[3] ?? match[4])!);
  }
  if (segments.at(-1) === '**') throw optionError(option, expected, path);
  return segments;
}
