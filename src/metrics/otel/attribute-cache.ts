import type { status } from '@grpc/grpc-js';
import { OTHER, type Labelled } from '../labels.js';
import type { Attributes } from './api.js';

/** Combinations of labels and targets that one method keeps apart; an application has fewer. */
const MAX_COMBINATIONS = 1000;

/** Makes the attributes of one code. */
export type MakeAttributes = (code: status, target: string, extra: Labelled['labels']) => Attributes;

/** The attributes of a method's calls, made once for each code, target and combination of extra labels. */
export class AttributeCache {
  private readonly known = new Map<string, Attributes[]>();

  constructor(private readonly make: MakeAttributes) {}

  of(code: status, target: string, extra: Labelled): Attributes {
    const byCode = this.byCode(target, extra);
    return (byCode[code] ??= this.make(code, this.bounded(target, extra), extra.labels));
  }

  private byCode(target: string, extra: Labelled): Attributes[] {
    const key = keyOf(this.bounded(target, extra), extra);
    let found = this.known.get(key);
    if (found === undefined) this.known.set(key, (found = []));
    return found;
  }

  private bounded(target: string, extra: Labelled): string {
    return this.known.size < MAX_COMBINATIONS || this.known.has(keyOf(target, extra)) ? target : OTHER;
  }
}

const keyOf = (target: string, { key }: Labelled): string => `${target}\n${key}`;
