import { useSignal } from '@preact/signals';
import { useRoute } from 'preact-iso';
import { useEffect } from 'preact/hooks';
import { follow } from '../api/follow.js';
import type { Refusal } from '../api/refusal.js';
import type { Order, OrderUpdate } from '../api/services.js';
import { isAdmin, me } from '../api/session.js';
import { useCall } from '../api/use-call.js';
import { Notice } from '../parts/notice.js';
import { Page } from '../parts/page.js';
import { StatusBadge } from '../parts/status-badge.js';
import { money } from '../words.js';
import { MoveOrder } from './move-order.js';
import { PaymentForm } from './payment-form.js';
import { RefundForm } from './refund-form.js';
import { Timeline } from './timeline.js';
import './order-page.css';

const REFUNDABLE = ['ORDER_STATUS_CONFIRMED', 'ORDER_STATUS_SHIPPED', 'ORDER_STATUS_DELIVERED'];

/** An order and what becomes of it, as it happens. */
export default function OrderPage() {
  const id = Number(useRoute().params['id']);
  const { answer, refusal } = useCall('ecommerce.OrderService/GetOrder', { id }, me.value?.userId).value;
  const order = answer?.order;
  return (
    <Page title={`Order ${id}`}>
      <Notice refusal={refusal} />
      {order && <Following key={order.id} order={order} />}
    </Page>
  );
}

function Following({ order }: { readonly order: Order }) {
  const { updates, refusal } = useUpdates(order.id);
  const status = updates.at(-1)?.status ?? order.status;
  return (
    <div class="order">
      <div class="stack">
        <section class="sheet stack" aria-label="Status">
          <p role="status">
            <StatusBadge status={status} />
          </p>
          <Timeline status={status} updates={updates} />
          <Notice refusal={refusal} />
        </section>
        {isAdmin.value && <MoveOrder id={order.id} status={status} />}
      </div>
      <div class="stack">
        <Receipt order={order} />
        {status === 'ORDER_STATUS_PENDING' && <PaymentForm order={order} />}
        {isAdmin.value && REFUNDABLE.includes(status) && <RefundForm order={order} />}
      </div>
    </div>
  );
}

/** The changes of an order's status, each once: a stream that was picked up again begins with the present one. */
function useUpdates(id: number) {
  const state = useSignal<{ readonly updates: readonly OrderUpdate[]; readonly refusal: Refusal | undefined }>({
    updates: [],
    refusal: undefined,
  });
  useEffect(
    () =>
      follow(
        'ecommerce.OrderService/StreamOrderUpdates',
        () => ({ id }),
        (update) => {
          const { updates } = state.peek();
          if (updates.at(-1)?.status !== update.status) {
            state.value = { updates: [...updates, update], refusal: undefined };
          }
        },
        (refusal) => (state.value = { ...state.peek(), refusal }),
      ),
    [id],
  );
  return state.value;
}

function Receipt({ order }: { readonly order: Order }) {
  const { items, totalAmount, shippingAddress: to } = order;
  return (
    <section class="sheet receipt" aria-label="Receipt">
      <h2>Receipt</h2>
      <ul>
        {items.map(({ productId, productName, quantity, totalPrice }) => (
          <li key={productId}>
            <span>
              {quantity} × {productName}
            </span>
            <span class="number">{money(totalPrice)}</span>
          </li>
        ))}
        <li class="sum">
          <span>Total</span>
          <span class="number">{money(totalAmount)}</span>
        </li>
      </ul>
      {to && (
        <p class="soft">{[to.street, `${to.zipCode} ${to.city}`, to.state, to.country].filter(Boolean).join(', ')}</p>
      )}
    </section>
  );
}
