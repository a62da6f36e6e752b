import {
  credentials as grpcCredentials,
  type ChannelCredentials,
  type Client,
  type ClientOptions,
  type Interceptor,
} from '@grpc/grpc-js';
import { promiseClient } from 'grpc-js-middleware/promises';
import { registerStaticResolver, roundRobin, type StaticResolver } from 'grpc-js-middleware/resolver';
import { PaymentServiceClient as AdvancedPaymentServiceClient } from './gen/advanced/payment.js';
import { AnalyticsServiceClient } from './gen/analytics/analytics.js';
import { ChatServiceClient } from './gen/chat/chat.js';
import { NotificationServiceClient } from './gen/ecommerce/notification.js';
import { OrderServiceClient } from './gen/ecommerce/order.js';
import { PaymentServiceClient } from './gen/ecommerce/payment.js';
import { ProductServiceClient } from './gen/ecommerce/product.js';
import { UserServiceClient } from './gen/user/user.js';
import type { ServerName } from './plan.js';

export interface ShopClientOptions {
  /** Of the resolver that knows the servers' addresses. */
  readonly scheme: string;
  readonly interceptors: readonly Interceptor[];
  readonly credentials?: ChannelCredentials;
  /**
   * After how long a server that does not answer is left alone, at the earliest, in milliseconds.
   *
   * @default 0
   */
  readonly leastPatienceMs?: number;
}

export type ShopClients = ReturnType<typeof openClients>;

/** Lets targets such as `shop:///products` stand for addresses, which may change while clients use them. */
export function registerShop(
  scheme: string,
  addresses: Readonly<Record<ServerName, readonly string[]>>,
): StaticResolver {
  return registerStaticResolver(scheme, addresses);
}

/** A client for each service of the shop. A channel connects when it is first called. */
export function openClients({
  scheme,
  interceptors,
  credentials = grpcCredentials.createInsecure(),
  leastPatienceMs = 0,
}: ShopClientOptions) {
  const opened: Client[] = [];
  const open = <C extends Client>(ClientOf: ClientClass<C>, server: ServerName, options: ClientOptions = {}) => {
    const client = new ClientOf(`${scheme}:///${server}`, credentials, { ...options, interceptors: [...interceptors] });
    opened.push(client);
    return promiseClient(client);
  };
  return {
    products: open(
      ProductServiceClient,
      'products',
      takingTurns('ecommerce.ProductService', Math.max(1_000, leastPatienceMs)),
    ),
    orders: open(
      OrderServiceClient,
      'orders',
      takingTurns('ecommerce.OrderService', Math.max(10_000, leastPatienceMs)),
    ),
    payments: open(PaymentServiceClient, 'payments'),
    advancedPayments: open(AdvancedPaymentServiceClient, 'payments'),
    users: open(UserServiceClient, 'users'),
    notifications: open(NotificationServiceClient, 'notifications'),
    chat: open(ChatServiceClient, 'chat'),
    analytics: open(AnalyticsServiceClient, 'analytics'),
    close: () => opened.forEach((client) => client.close()),
  };
}

/**
 * Several replicas take turns, each only while it says that it serves: one that dies is not noticed. One that says
 * NOT_SERVING is left alone at once, one that hangs after twice so long: whoever merely looks asks another one soon, while
 * those who follow an order would all come again at once.
 */
function takingTurns(serviceName: string, patienceMs: number): ClientOptions {
  return roundRobin({ healthCheck: { serviceName }, keepaliveTimeMs: patienceMs, keepaliveTimeoutMs: patienceMs });
}

type ClientClass<C> = new (target: string, credentials: ChannelCredentials, options: ClientOptions) => C;
