import { implement } from 'grpc-js-middleware/promises';
import { errors } from '../../errors.js';
import {
  OrderServiceService,
  type CreateOrderRequest,
  type Order,
  type OrderItem,
  type OrderUpdate,
} from '../../gen/ecommerce/order.js';
import { UserStatus } from '../../gen/user/user.js';
import { assertOwn } from '../../identity/caller.js';
import { fromCents } from '../../money.js';
import { pageOf } from '../../paging.js';
import { Topic } from '../../streams/topic.js';
import type { Resources, ShopService } from '../shop-service.js';
import { OrderRepository, type StoredItem, type StoredOrder, type StoredUpdate } from './repository.js';
import { orderRules } from './rules.js';
import { isFinal } from './transitions.js';

/** An update as it travels between processes: dates become text on the way. */
type Announced = Omit<StoredUpdate, 'createdAt'> & { readonly createdAt: string };

export const orderService: ShopService = {
  definition: OrderServiceService,
  rules: orderRules,

  implement({ database, peers }) {
    const updates = new Topic<Announced>(database, 'order_updates');
    const repository = new OrderRepository(database.sql, (update) => updates.announcement(update.orderId, update));

    return implement(OrderServiceService, {
      async createOrder({ userId, items, shippingAddress }, { metadata, signal }) {
        const requestKey = metadata.get('idempotency-key')[0]?.toString();
        try {
          await Promise.all([assertMayBuy(userId, peers), assertOffered(items, peers)]);
          const order = { userId, items, shippingAddress: shippingAddress!, requestKey };
          return { order: toOrder(await repository.create(order, signal)) };
        } catch (error) {
          // Rare enough to be looked for only now: a process made it, and died before it could say so.
          const made = requestKey && (await repository.findByRequest(userId, requestKey));
          if (made) return { order: toOrder(made) };
          throw error;
        }
      },

      async getOrder({ id }, call) {
        const order = existing(await repository.find(id), id);
        assertOwn(call, order.userId);
        return { order: toOrder(order) };
      },

      async updateOrderStatus({ id, status }) {
        return { order: toOrder(await repository.move(id, status)) };
      },

      async *listOrders({ userId, status, ...page }) {
        yield* (await repository.list(userId, status, pageOf(page))).map(toOrder);
      },

      async *streamOrderUpdates({ id }, call) {
        assertOwn(call, existing(await repository.find(id), id).userId);
        const changes = await updates.subscribe(id, call); // before the state is read, so that nothing falls between
        try {
          yield* follow((await repository.lastUpdate(id))!, changes);
        } finally {
          changes.close();
        }
      },
    });
  },
};

/** The present state, then each change, up to a final state. */
async function* follow(present: StoredUpdate, changes: AsyncIterable<Announced>): AsyncGenerator<OrderUpdate> {
  yield toUpdate(present);
  if (isFinal(present.status)) return;
  for await (const { createdAt, ...change } of changes) {
    if (change.id <= present.id) continue; // told already, as the present state
    yield toUpdate({ ...change, createdAt: new Date(createdAt) });
    if (isFinal(change.status)) return;
  }
}

type Peers = Resources['peers'];

async function assertMayBuy(userId: number, { users }: Peers): Promise<void> {
  const { user } = await users.getUser({ id: userId });
  if (user?.status === UserStatus.SUSPENDED) throw errors.USER_SUSPENDED({ id: userId });
}

/** The catalogue's word, before anything is locked; the transaction asks again. */
async function assertOffered(items: CreateOrderRequest['items'], { products }: Peers): Promise<void> {
  await Promise.all(items.map(({ productId }) => products.getProduct({ id: productId })));
}

function existing(order: StoredOrder | undefined, id: number): StoredOrder {
  if (order === undefined) throw errors.ORDER_NOT_FOUND({ id });
  return order;
}

function toOrder({ totalCents, items, ...order }: StoredOrder): Order {
  return { ...order, totalAmount: fromCents(totalCents), items: items.map(toItem) };
}

function toItem({ unitPriceCents, quantity, ...item }: StoredItem): OrderItem {
  return { ...item, quantity, unitPrice: fromCents(unitPriceCents), totalPrice: fromCents(unitPriceCents * quantity) };
}

function toUpdate({ createdAt, ...update }: StoredUpdate): OrderUpdate {
  return { ...update, timestamp: createdAt };
}
