import type { Order } from '../api/services.js';
import { StatusBadge } from '../parts/status-badge.js';
import { dateOf, money } from '../words.js';

/** Orders, a line each. */
export function OrderTable({ orders }: { readonly orders: readonly Order[] }) {
  return (
    <div class="sheet scroll" tabIndex={0} role="region" aria-label="Orders">
      <table>
        <thead>
          <tr>
            <th scope="col">Order</th>
            <th scope="col">What</th>
            <th scope="col">Status</th>
            <th scope="col">When</th>
            <th scope="col" class="number">
              Total
            </th>
          </tr>
        </thead>
        <tbody>
          {orders.map(({ id, items, status, createdAt, totalAmount }) => (
            <tr key={id}>
              <td>
                <a href={`/orders/${id}`}>No. {id}</a>
              </td>
              <td>{items.map(({ productName, quantity }) => `${quantity} × ${productName}`).join(', ')}</td>
              <td>
                <StatusBadge status={status} />
              </td>
              <td class="soft">{dateOf(createdAt)}</td>
              <td class="number">{money(totalAmount)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
