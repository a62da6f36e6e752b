import { status } from '@grpc/grpc-js';
import { PaymentServiceService as AdvancedPaymentService } from '../gen/advanced/payment.js';
import { AnalyticsServiceService as Analytics } from '../gen/analytics/analytics.js';
import { ChatServiceService as Chat } from '../gen/chat/chat.js';
import { NotificationServiceService as Notifications, NotificationType } from '../gen/ecommerce/notification.js';
import { OrderServiceService as Orders, OrderStatus } from '../gen/ecommerce/order.js';
import { PaymentMethod, PaymentServiceService as Payments } from '../gen/ecommerce/payment.js';
import { ProductCategory, ProductServiceService as Products } from '../gen/ecommerce/product.js';
import { UserServiceService as Users } from '../gen/user/user.js';
import type { World } from './world.js';

// What each RPC takes, and what comes of everything else. A value of BAD_VALUES is refused with INVALID_ARGUMENT that
// names its field and no other, unless `except` says otherwise.

const { PERMISSION_DENIED, FAILED_PRECONDITION, INVALID_ARGUMENT, NOT_FOUND } = status;

/** No mistake there. */
export const FINE = 'fine';

export type Caller = 'ada' | 'admin' | 'stranger';

/** A request that is refused for what it asks, well-formed as it may be. */
export interface Refused<Request> {
  readonly what: string;
  /** @default ada */
  readonly as?: Caller;
  /** One message, or those of a stream. */
  readonly request: Request | readonly Request[];
  readonly code: status;
  /** Of an INVALID_ARGUMENT, every field. */
  readonly fields?: readonly string[];
  /** Of a business error. */
  readonly reason?: string;
}

export interface Entry<Request> {
  /** Requests with which nothing is wrong. */
  readonly good: readonly Request[];
  /** By field and value, such as `id most`: the reason of a business error, or FINE; without a value, of all. */
  readonly except?: Readonly<Record<string, string>>;
  /** Each message of its stream counts by itself, so that those before a bad one stand. */
  readonly eachByItself?: boolean;
  readonly refused?: readonly Refused<Request>[];
}

interface Method<Request> {
  readonly path: string;
  readonly requestStream: boolean;
  readonly responseStream: boolean;
  readonly requestSerialize: (request: Request) => Buffer;
}

/** An entry with its method, whatever its requests are. */
export type Row = Method<object> & Entry<object>;

function row<Request>(method: Method<Request>, entry: Entry<Request>): Row {
  return { ...method, ...entry } as unknown as Row;
}

/** Where 0 means the default. */
const PAGE = { 'page zero': FINE, 'page_size zero': FINE };
const firstPage = { page: 1, pageSize: 5 };

const product = {
  name: 'Lamp',
  description: 'Green',
  price: 10,
  stock: 5,
  category: ProductCategory.HOME,
  tags: ['light'],
};
const PRODUCT = { 'description empty': FINE, 'description blank': FINE, 'stock zero': FINE, 'tags empty': FINE };

const item = { productId: 1, quantity: 1, productName: '', unitPrice: 0, totalPrice: 0 };
const shippingAddress = { street: '1 Main St', city: 'Springfield', state: 'IL', zipCode: '12345', country: 'US' };
const order = { userId: 1, items: [item], shippingAddress };

const card = { cardNumber: '4242424242424242', expiryDate: '12/40', cvv: '8035' };
const CARD_FIELDS = ['card_number', 'expiry_date', 'cvv'];
const creditCard = { number: card.cardNumber, expiry: card.expiryDate, cvv: card.cvv };
const bankAccount = { accountNumber: '000123456789', routingNumber: '110000000' };
const digitalWallet = { walletId: 'ada-1815', provider: 'Purse' };

/** What a customer may not do, or not to others. */
function denied<Request>(what: string, request: Request): Refused<Request> {
  return { what, request, code: PERMISSION_DENIED };
}

/** A record that is not the caller's, which looks like one that does not exist. */
function foreign<Request>(what: string, request: Request): Refused<Request> {
  return { what, request, code: NOT_FOUND, reason: 'ORDER_NOT_FOUND' };
}

function invalid<Request>(what: string, request: Request, ...fields: string[]): Refused<Request> {
  return { what, as: 'admin', request, code: INVALID_ARGUMENT, fields };
}

function impossible<Request>(what: string, request: Request, reason: string): Refused<Request> {
  return { what, as: 'admin', request, code: FAILED_PRECONDITION, reason };
}

export function badInput(world: World): Row[] {
  return [...catalogue(), ...people(), ...buying(world), ...paying(world), ...talking(), ...counting()];
}

function catalogue(): Row[] {
  const list = { ...firstPage, category: ProductCategory.BOOKS, all: false };
  const search = { query: 'lamp', category: ProductCategory.HOME, minPrice: 1, maxPrice: 0 };
  const question = { id: 1, message: 'lamp', timestamp: 0 };
  const allWrong = { ...product, name: '', price: NaN, stock: -1, category: 99 as ProductCategory, tags: ['', 'x'] };
  return [
    row(Products.getProduct, { good: [{ id: 1 }], except: { 'id most': 'PRODUCT_NOT_FOUND' } }),
    row(Products.listProducts, { good: [list], except: { ...PAGE, 'category unspecified': FINE } }),
    row(Products.searchProducts, {
      good: [search],
      except: {
        'query empty': FINE,
        'query blank': FINE,
        'category unspecified': FINE,
        'min_price zero': FINE,
        'min_price tiny': FINE,
        'max_price zero': FINE,
      },
      refused: [invalid('a range upside down', { ...search, minPrice: 10, maxPrice: 9 }, 'max_price')],
    }),
    row(Products.createProduct, {
      good: [product],
      except: PRODUCT,
      refused: [
        invalid('all wrong at once', allWrong, 'name', 'price', 'stock', 'category', 'tags[0]'),
        invalid('less than a cent', { ...product, price: 0.004 }, 'price'),
        denied('a customer', product),
      ],
    }),
    row(Products.updateProduct, {
      good: [{ id: 1, ...product }],
      except: { ...PRODUCT, 'id most': 'PRODUCT_NOT_FOUND' },
      refused: [denied('a customer', { id: 1, ...product })],
    }),
    row(Products.deleteProduct, {
      good: [{ id: 1 }],
      except: { 'id most': 'PRODUCT_NOT_FOUND' },
      refused: [denied('a customer', { id: 1 })],
    }),
    row(Products.createProducts, {
      good: [product],
      except: PRODUCT,
      refused: [
        denied('a customer', product),
        {
          what: 'more than an upload may have',
          as: 'admin',
          request: Array.from({ length: 1_001 }, () => product),
          code: INVALID_ARGUMENT,
          reason: 'UPLOAD_TOO_LARGE',
        },
      ],
    }),
    row(Products.chatWithProducts, { good: [question], except: { id: FINE }, eachByItself: true }),
  ];
}

function people(): Row[] {
  const newcomer = { name: 'Joan', email: 'joan@example.org' };
  const taken = { ...newcomer, email: 'GRACE@shop.example' };
  const EMAIL_TAKEN = { code: status.ALREADY_EXISTS, reason: 'EMAIL_TAKEN' };
  const unknown = { 'id most': 'USER_NOT_FOUND' };
  const greeting = { id: 1, message: 'Good morning', timestamp: 0, userId: 0 };
  return [
    row(Users.getUser, { good: [{ id: 1 }], except: unknown, refused: [denied('another user', { id: 2 })] }),
    row(Users.createUser, {
      good: [newcomer],
      refused: [
        { what: 'a taken address', as: 'stranger', request: taken, ...EMAIL_TAKEN },
        invalid('no address', { ...newcomer, email: "'); drop table users.users; --" }, 'email'),
      ],
    }),
    row(Users.updateUser, {
      good: [{ id: 1, ...newcomer }],
      except: unknown,
      refused: [
        denied('another user', { id: 2, ...newcomer }),
        { what: 'a taken address', request: { id: 1, ...taken }, ...EMAIL_TAKEN },
      ],
    }),
    row(Users.deleteUser, { good: [{ id: 1 }], except: unknown, refused: [denied('another user', { id: 2 })] }),
    row(Users.listUsers, { good: [firstPage], except: PAGE, refused: [denied('a customer', firstPage)] }),
    row(Users.createUsers, {
      good: [newcomer],
      refused: [
        denied('a customer', newcomer),
        { what: 'the same address twice', as: 'admin', request: [newcomer, newcomer], ...EMAIL_TAKEN },
      ],
    }),
    row(Users.chatWithUsers, { good: [greeting], except: { id: FINE, user_id: FINE }, eachByItself: true }),
  ];
}

function buying({ adasOrder, gracesOrder }: World): Row[] {
  const unknown = { 'id most': 'ORDER_NOT_FOUND' };
  const list = { userId: 1, status: OrderStatus.PENDING, ...firstPage };
  const illegal = (to: keyof typeof OrderStatus) =>
    impossible(`${to} before its time`, { id: adasOrder, status: OrderStatus[to] }, 'ILLEGAL_STATUS_TRANSITION');
  return [
    row(Orders.createOrder, {
      good: [order],
      except: {
        'user_id most': 'USER_NOT_FOUND',
        'items[0].product_id most': 'PRODUCT_NOT_FOUND',
        'items[0].product_name': FINE,
        'items[0].unit_price': FINE,
        'items[0].total_price': FINE,
        'shipping_address.state empty': FINE,
        'shipping_address.state blank': FINE,
      },
      refused: [
        denied('for somebody else', { ...order, userId: 2 }),
        invalid('the same product twice', { ...order, items: [item, { ...item, quantity: 2 }] }, 'items[1].product_id'),
        invalid(
          'all wrong at once',
          { userId: -1, items: [{ ...item, productId: 0, quantity: 0 }], shippingAddress: undefined },
          ...['user_id', 'items[0].product_id', 'items[0].quantity', 'shipping_address'],
        ),
        impossible('more than there are', { ...order, items: [{ ...item, quantity: 1_000 }] }, 'INSUFFICIENT_STOCK'),
      ],
    }),
    row(Orders.getOrder, {
      good: [{ id: adasOrder }],
      except: unknown,
      refused: [foreign('another’s order', { id: gracesOrder })],
    }),
    row(Orders.updateOrderStatus, {
      good: [{ id: adasOrder, status: OrderStatus.CONFIRMED }],
      except: unknown,
      refused: [
        denied('a customer', { id: adasOrder, status: OrderStatus.SHIPPED }),
        ...(['PENDING', 'SHIPPED', 'DELIVERED', 'REFUNDED'] as const).map(illegal),
      ],
    }),
    row(Orders.listOrders, {
      good: [list],
      except: { ...PAGE, 'user_id zero': FINE, 'user_id most': FINE, 'status unspecified': FINE },
      refused: [denied('another’s orders', { ...list, userId: 2 }), denied('everybody’s', { ...list, userId: 0 })],
    }),
    row(Orders.streamOrderUpdates, {
      good: [{ id: adasOrder }],
      except: unknown,
      refused: [foreign('another’s order', { id: gracesOrder })],
    }),
  ];
}

function paying({ adasOrder, gracesOrder, paidOrder, payment, refusedPayment }: World): Row[] {
  const due = { orderId: adasOrder, amount: 1_299 };
  const byCard = { ...due, method: PaymentMethod.CREDIT_CARD, ...card };
  const refund = { paymentId: payment, amount: 10, reason: 'A scratch' };
  const history = { userId: 1, ...firstPage };
  const ways = [
    { ...due, paymentMethod: { $case: 'creditCard', creditCard } as const },
    { ...due, paymentMethod: { $case: 'bankAccount', bankAccount } as const },
    { ...due, paymentMethod: { $case: 'digitalWallet', digitalWallet } as const },
  ];
  const [way] = ways as [(typeof ways)[number]];
  const unknown = { 'order_id most': 'ORDER_NOT_FOUND' };
  const advanced = {
    good: ways,
    except: unknown,
    refused: [
      foreign('another’s order', { ...way, orderId: gracesOrder }),
      impossible('paid already', { ...way, orderId: paidOrder }, 'ORDER_NOT_PAYABLE'),
      invalid('another amount', { ...way, amount: 1 }, 'amount'),
    ],
  };
  return [
    row(Payments.processPayment, {
      good: [byCard],
      except: unknown,
      refused: [
        foreign('another’s order', { ...byCard, orderId: gracesOrder }),
        impossible('paid already', { ...byCard, orderId: paidOrder }, 'ORDER_NOT_PAYABLE'),
        invalid('another amount', { ...byCard, amount: 1_298.99 }, 'amount'),
        invalid('a card beside PayPal', { ...byCard, method: PaymentMethod.PAYPAL }, ...CARD_FIELDS),
        invalid('a card that ran out', { ...byCard, expiryDate: '12/20' }, 'expiry_date'),
        invalid(
          'all wrong at once',
          { orderId: 0, amount: -1, method: PaymentMethod.CREDIT_CARD, cardNumber: '1234', expiryDate: 'x', cvv: '1' },
          ...['order_id', 'amount', ...CARD_FIELDS],
        ),
      ],
    }),
    row(Payments.refundPayment, {
      good: [refund],
      except: { 'payment_id most': 'PAYMENT_NOT_FOUND' },
      refused: [
        denied('a customer', refund),
        impossible('more than was paid', { ...refund, amount: 1_299.01 }, 'REFUND_EXCEEDS_PAYMENT'),
        impossible('of a declined payment', { ...refund, paymentId: refusedPayment }, 'PAYMENT_NOT_REFUNDABLE'),
      ],
    }),
    row(Payments.getPaymentHistory, {
      good: [history],
      except: { ...PAGE, 'user_id zero': FINE, 'user_id most': FINE },
      refused: [denied('another’s', { ...history, userId: 2 }), denied('everybody’s', { ...history, userId: 0 })],
    }),
    row(AdvancedPaymentService.processPayment, advanced),
    row(AdvancedPaymentService.streamPayments, { good: [{}] }),
    row(AdvancedPaymentService.processPaymentStream, {
      ...advanced,
      refused: [...advanced.refused, { ...invalid('the same order twice', way, 'order_id'), request: [way, way] }],
    }),
    row(AdvancedPaymentService.bidirectionalPaymentStream, { ...advanced, eachByItself: true }),
  ];
}

function talking(): Row[] {
  const notice = { userId: 1, type: NotificationType.OFFER, title: 'Today', message: 'Socks' };
  const news = { userId: 1, afterId: 1 };
  const said = { id: 0, roomId: 'lamps', userId: 0, message: 'Good morning', timestamp: undefined };
  return [
    row(Notifications.sendNotification, {
      good: [notice],
      except: { 'user_id most': 'USER_NOT_FOUND' },
      refused: [denied('a customer', notice)],
    }),
    row(Notifications.streamNotifications, {
      good: [news],
      except: { 'user_id most': 'USER_NOT_FOUND', 'after_id zero': FINE, 'after_id most': FINE },
      refused: [denied('another’s', { ...news, userId: 2 })],
    }),
    row(Chat.joinRoom, { good: [{ roomId: 'lamps' }] }),
    row(Chat.sendMessage, {
      good: [said],
      except: { id: FINE, user_id: FINE, timestamp: FINE },
      eachByItself: true,
    }),
    row(Chat.getRoomHistory, { good: [{ roomId: 'lamps', ...firstPage }], except: PAGE }),
    row(Chat.getOnlineUsers, { good: [{ roomId: 'lamps' }] }),
  ];
}

function counting(): Row[] {
  const event = { name: 'product_view', userId: 1, productId: 1, properties: { page: 'home' } };
  const since = { names: ['orders'], from: new Date('2026-01-01'), to: undefined };
  const until = { names: ['orders'], from: undefined, to: new Date('2026-01-01') };
  const stream = { names: ['orders'], intervalMs: 100 };
  const days = { days: 7, topProducts: 3 };
  const anyEvent = {
    'user_id zero': FINE,
    'user_id most': FINE,
    'product_id zero': FINE,
    'product_id most': FINE,
  };
  return [
    row(Analytics.trackEvent, {
      good: [event],
      except: anyEvent,
      refused: [
        denied('in another’s name', { ...event, userId: 2 }),
        { ...denied('in a user’s name', event), as: 'stranger' },
        invalid('a huge property', { ...event, properties: { page: 'x'.repeat(501) } }, 'properties["page"]'),
      ],
    }),
    row(Analytics.getMetrics, {
      good: [since, until],
      except: { 'names empty': FINE },
      refused: [
        denied('a customer', since),
        invalid('a period upside down', { ...since, to: new Date('2025-12-31') }, 'to'),
      ],
    }),
    row(Analytics.streamMetrics, {
      good: [stream],
      except: { 'names empty': FINE, 'interval_ms zero': FINE },
      refused: [denied('a customer', stream), invalid('too often', { ...stream, intervalMs: 99 }, 'interval_ms')],
    }),
    row(Analytics.getDashboard, {
      good: [days],
      except: { 'days zero': FINE, 'top_products zero': FINE },
      refused: [denied('a customer', days)],
    }),
  ];
}
