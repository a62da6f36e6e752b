import type { OrderUpdate, Status } from '../api/services.js';
import { STATUSES, timeOf } from '../words.js';

const USUAL: readonly Status[] = [
  'ORDER_STATUS_PENDING',
  'ORDER_STATUS_CONFIRMED',
  'ORDER_STATUS_SHIPPED',
  'ORDER_STATUS_DELIVERED',
];

interface TimelineProps {
  readonly status: Status;
  readonly updates: readonly OrderUpdate[];
}

/** The usual way of an order, how far this one has come, and what was said at each step that we saw. */
export function Timeline({ status, updates }: TimelineProps) {
  const reached = USUAL.indexOf(status);
  const steps = reached >= 0 ? USUAL : [...new Set([...updates.map((update) => update.status), status])];
  return (
    <ol class="timeline">
      {steps.map((step, index) => {
        const update = updates.findLast((candidate) => candidate.status === step);
        return (
          <li key={step} class={reached < 0 || index <= reached ? 'reached' : ''}>
            {STATUSES[step][0]}
            {update && (
              <small>
                {update.message} {timeOf(update.timestamp)}
              </small>
            )}
          </li>
        );
      })}
    </ol>
  );
}
