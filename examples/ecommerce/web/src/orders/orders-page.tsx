import { me } from '../api/session.js';
import { useStream } from '../api/use-call.js';
import { Notice } from '../parts/notice.js';
import { Page } from '../parts/page.js';
import { OrderTable } from './order-table.js';

/** One's own orders, the newest first. */
export default function OrdersPage() {
  const userId = me.value?.userId;
  const request = userId === undefined ? undefined : { userId, pageSize: 50 };
  const { messages, open, refusal } = useStream('ecommerce.OrderService/ListOrders', request).value;
  if (userId === undefined)
    return <Page title="Orders" lead="Sign in at the top right to see yours." children={null} />;
  return (
    <Page title="Orders">
      <Notice refusal={refusal} />
      {messages.length > 0 && <OrderTable orders={messages} />}
      {!open && !refusal && messages.length === 0 && <p class="soft">None yet.</p>}
    </Page>
  );
}
