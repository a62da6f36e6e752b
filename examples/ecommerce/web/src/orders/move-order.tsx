import { useSignal } from '@preact/signals';
import { call } from '../api/call.js';
import { Refusal } from '../api/refusal.js';
import type { Status } from '../api/services.js';
import { Notice } from '../parts/notice.js';

/** Where an order can go from where it is; the shop has the last word. */
const MOVES: Partial<Record<Status, Partial<Record<Status, string>>>> = {
  ORDER_STATUS_PENDING: { ORDER_STATUS_CANCELLED: 'Cancel' },
  ORDER_STATUS_CONFIRMED: { ORDER_STATUS_SHIPPED: 'Ship', ORDER_STATUS_CANCELLED: 'Cancel' },
  ORDER_STATUS_SHIPPED: { ORDER_STATUS_DELIVERED: 'Mark as delivered' },
};

/** For those who run the shop. */
export function MoveOrder({ id, status }: { readonly id: number; readonly status: Status }) {
  const refusal = useSignal<Refusal | undefined>(undefined);
  const moves = MOVES[status];
  if (!moves) return null;
  const move = (to: Status) => {
    refusal.value = undefined;
    call('ecommerce.OrderService/UpdateOrderStatus', { id, status: to }).catch((error: unknown) => {
      refusal.value = Refusal.from(error);
    });
  };
  return (
    <section class="sheet stack" aria-label="Move the order">
      <h2>Move it on</h2>
      <div class="row">
        {Object.entries(moves).map(([to, name]) => (
          <button key={to} onClick={() => move(to as Status)}>
            {name}
          </button>
        ))}
      </div>
      <Notice refusal={refusal.value} />
    </section>
  );
}
