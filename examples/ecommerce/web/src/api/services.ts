import type { PaymentServiceService as AdvancedPaymentService } from '../../../src/gen/advanced/payment.js';
import type { AnalyticsServiceService } from '../../../src/gen/analytics/analytics.js';
import type { ChatServiceService } from '../../../src/gen/chat/chat.js';
import type { NotificationServiceService, NotificationType } from '../../../src/gen/ecommerce/notification.js';
import type { OrderServiceService, OrderStatus } from '../../../src/gen/ecommerce/order.js';
import type { PaymentMethod, PaymentServiceService, PaymentStatus } from '../../../src/gen/ecommerce/payment.js';
import type { ProductCategory, ProductServiceService } from '../../../src/gen/ecommerce/product.js';
import type { UserServiceService, UserStatus } from '../../../src/gen/user/user.js';

// The shop's RPCs as types, taken from the code that its protos generate: nothing of it comes to the browser, and the
// page does not compile when a proto changes under it.

type Methods =
  | MethodsOf<AdvancedPaymentService>
  | MethodsOf<AnalyticsServiceService>
  | MethodsOf<ChatServiceService>
  | MethodsOf<NotificationServiceService>
  | MethodsOf<OrderServiceService>
  | MethodsOf<PaymentServiceService>
  | MethodsOf<ProductServiceService>
  | MethodsOf<UserServiceService>;

type MethodsOf<Service> = Service[keyof Service];
type Named<Rpc extends string> = Extract<Methods, { path: `/${Rpc}` }>;
type NameOf<Method> = Method extends { path: `/${infer Rpc}` } ? Rpc : never;

/** An RPC with one answer, by `package.Service/Method`. */
export type AnswerRpc = NameOf<Extract<Methods, { responseStream: false }>>;

/** An RPC that answers with a stream. */
export type StreamRpc = NameOf<Extract<Methods, { responseStream: true }>>;

/** What is sent: a message, of which what is left out is its default; or, where the RPC takes a stream, all of them. */
export type RequestOf<Rpc extends string> =
  Named<Rpc> extends { requestStream: infer Streams; requestSerialize: (message: infer Message) => unknown }
    ? Streams extends true
      ? readonly Draft<Json<Message>>[]
      : Draft<Json<Message>>
    : never;

/** What comes back; of a stream, each message. */
export type ResponseOf<Rpc extends string> =
  Named<Rpc> extends { responseDeserialize: (bytes: never) => infer Message } ? Json<Message> : never;

/** A message as it stands in JSON: dates and enums are text. */
export type Json<T> = T extends Date
  ? string
  : T extends number
    ? `${number}` extends `${T}` // an enum is a number of which only some are possible
      ? number
      : EnumName<T>
    : T extends readonly (infer Item)[]
      ? readonly Json<Item>[]
      : T extends object
        ? { readonly [Field in keyof T]: Json<T[Field]> }
        : T;

type EnumName<T> = T extends ProductCategory
  ? `PRODUCT_CATEGORY_${Known<typeof ProductCategory>}`
  : T extends OrderStatus
    ? `ORDER_STATUS_${Known<typeof OrderStatus>}`
    : T extends PaymentStatus
      ? `PAYMENT_STATUS_${Known<typeof PaymentStatus>}`
      : T extends PaymentMethod
        ? `PAYMENT_METHOD_${Known<typeof PaymentMethod>}`
        : T extends NotificationType
          ? `NOTIFICATION_TYPE_${Known<typeof NotificationType>}`
          : T extends UserStatus
            ? `USER_STATUS_${Known<typeof UserStatus>}`
            : never;

type Known<Enum> = Exclude<keyof Enum, 'UNRECOGNIZED'> & string;

type Draft<T> = T extends object ? { readonly [Field in keyof T]?: Draft<T[Field]> } : T;

export type Product = ResponseOf<'ecommerce.ProductService/ListProducts'>;
export type Category = Product['category'];
export type Order = ResponseOf<'ecommerce.OrderService/ListOrders'>;
export type Status = Order['status'];
export type OrderUpdate = ResponseOf<'ecommerce.OrderService/StreamOrderUpdates'>;
export type Payment = ResponseOf<'ecommerce.PaymentService/GetPaymentHistory'>;
export type Notification = ResponseOf<'ecommerce.NotificationService/StreamNotifications'>;
export type ChatMessage = ResponseOf<'chat.ChatService/JoinRoom'>;
export type Dashboard = ResponseOf<'analytics.AnalyticsService/GetDashboard'>;
export type Metric = ResponseOf<'analytics.AnalyticsService/StreamMetrics'>;
