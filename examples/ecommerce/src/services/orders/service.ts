import { status } from '@grpc/grpc-js';
import { StatusError, type ServerCallContext } from 'grpc-js-middleware';
import { identityOf } from 'grpc-js-middleware/auth';
import { implement } from 'grpc-js-middleware/promises';
import { errors } from '../../errors.js';
import {
  OrderServiceService,
  OrderStatus,
  type CreateOrderRequest,
  type Order,
  type OrderItem,
  type OrderUpdate,
} from '../../gen/ecommerce/order.js';
import { UserStatus } from '../../gen/user/user.js';
import { isStaff, ownRecord, requestKeyOf } from '../../identity/caller.js';
import { fromCents } from '../../money.js';
import { pageOf } from '../../paging.js';
import { newsOf, type AnnouncedUpdate } from '../news.js';
import type { Resources, ShopService } from '../shop-service.js';
import { expireOrders } from './expiry.js';
import { OrderRepository, type StoredItem, type StoredOrder, type StoredUpdate } from './repository.js';
import { orderRules } from './rules.js';
import type { Told } from './telling.js';
import { isFinal } from './transitions.js';

export const orderService: ShopService = {
  definition: OrderServiceService,
  rules: orderRules,

  implement({ database, peers, closing, orderTtlMs }) {
    const news = newsOf(database);
    const repository = new OrderRepository(database.sql, news);
    void expireOrders(repository, orderTtlMs, closing);

    /** The one move that customers make themselves. */
    const assertMayCancel = async (call: ServerCallContext, id: number, to: OrderStatus) => {
      ownRecord(call, await repository.find(id), errors.ORDER_NOT_FOUND({ id }));
      if (to === OrderStatus.CANCELLED) return;
      throw new StatusError(
        status.PERMISSION_DENIED,
        'Customers may cancel their orders, and change them in no other way',
      );
    };

    return implement(OrderServiceService, {
      async createOrder({ userId, items, shippingAddress }, call) {
        const requestKey = requestKeyOf(call);
        try {
          await Promise.all([assertMayBuy(userId, peers), assertOffered(items, peers)]);
          const order = { userId, items, shippingAddress: shippingAddress!, requestKey };
          return { order: toOrder(await repository.create(order, call.signal)) };
        } catch (error) {
          // Rare enough to be looked for only now: a process made it, and died before it could say so.
          const made = requestKey && (await repository.findByRequest(userId, requestKey));
          if (made) return { order: toOrder(made) };
          throw error;
        }
      },

      async getOrder({ id }, call) {
        return { order: toOrder(ownRecord(call, await repository.find(id), errors.ORDER_NOT_FOUND({ id }))) };
      },

      async updateOrderStatus({ id, status: to }, call) {
        if (!isStaff(identityOf(call))) await assertMayCancel(call, id, to);
        return { order: toOrder(await repository.move(id, { to, requestKey: requestKeyOf(call) })) };
      },

      async *listOrders({ userId, status, ...page }) {
        yield* (await repository.list(userId, status, pageOf(page))).map(toOrder);
      },

      async *streamOrderUpdates({ id }, call) {
        ownRecord(call, await repository.find(id), errors.ORDER_NOT_FOUND({ id }));
        const changes = await news.updates.subscribe(id, call); // before the state is read, so that nothing falls between
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
async function* follow(present: StoredUpdate, changes: AsyncIterable<AnnouncedUpdate>): AsyncGenerator<OrderUpdate> {
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

function toOrder({ totalCents, items, ...order }: StoredOrder): Order {
  return { ...order, totalAmount: fromCents(totalCents), items: items.map(toItem) };
}

function toItem({ unitPriceCents, quantity, ...item }: StoredItem): OrderItem {
  return { ...item, quantity, unitPrice: fromCents(unitPriceCents), totalPrice: fromCents(unitPriceCents * quantity) };
}

function toUpdate({ createdAt, ...update }: Told): OrderUpdate {
  return { ...update, timestamp: createdAt };
}
