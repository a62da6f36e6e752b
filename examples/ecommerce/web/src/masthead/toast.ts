import { signal } from '@preact/signals';

export interface Toast {
  readonly id: number;
  readonly title: string;
  readonly text: string;
}

const SHOWN_MS = 7_000;

/** What is being said at the moment. */
export const toasts = signal<readonly Toast[]>([]);

let last = 0;

/** Says something in passing. */
export function toast(title: string, text: string): void {
  const id = ++last;
  toasts.value = [...toasts.peek(), { id, title, text }].slice(-3);
  setTimeout(() => (toasts.value = toasts.peek().filter((shown) => shown.id !== id)), SHOWN_MS);
}
