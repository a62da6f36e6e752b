import { signal } from '@preact/signals';

/** How a call went over the wire, for the line at the foot of the page. */
export interface Passage {
  readonly rpc: string;
  readonly replica: string;
  readonly attempts: number;
  /** OK, or why not. */
  readonly code: string;
}

/** The last call of this page. */
export const lastPassage = signal<Passage | undefined>(undefined);
