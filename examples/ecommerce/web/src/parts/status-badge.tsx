import type { Status } from '../api/services.js';
import { STATUSES } from '../words.js';

/** How far an order is. */
export function StatusBadge({ status }: { readonly status: Status }) {
  const [word, tone] = STATUSES[status];
  return <span class={`badge ${tone}`}>{word}</span>;
}
