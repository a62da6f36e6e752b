import type { Refusal } from '../api/refusal.js';

/** Why something did not work, as a sentence; fields say the rest themselves. */
export function Notice({ refusal }: { readonly refusal: Refusal | undefined }) {
  return <div role="alert">{refusal && <p class="notice">{refusal.sentence}</p>}</div>;
}
