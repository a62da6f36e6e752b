import { useSignal } from '@preact/signals';
import type { Status } from '../api/services.js';
import { useStream } from '../api/use-call.js';
import { OrderTable } from '../orders/order-table.js';
import { Field } from '../parts/field.js';
import { Notice } from '../parts/notice.js';
import { STATUSES } from '../words.js';

/** Everybody's orders; each opens to where it can be moved and refunded. */
export function AllOrders() {
  const status = useSignal<Status>('ORDER_STATUS_UNSPECIFIED');
  const { messages, refusal } = useStream('ecommerce.OrderService/ListOrders', {
    status: status.value,
    pageSize: 100,
  }).value;
  return (
    <div class="stack">
      <Field label="Status" name="status" refusal={refusal}>
        <select value={status} onChange={(event) => (status.value = event.currentTarget.value as Status)}>
          {Object.entries(STATUSES).map(([value, [word]]) => (
            <option key={value} value={value}>
              {value === 'ORDER_STATUS_UNSPECIFIED' ? 'All' : word}
            </option>
          ))}
        </select>
      </Field>
      <Notice refusal={refusal} />
      <OrderTable orders={messages} />
    </div>
  );
}
