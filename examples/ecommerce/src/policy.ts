import { allow, definePolicy, healthAndReflection, type Identity, type Rule } from 'grpc-js-middleware/auth';
import { userIdOf } from './identity/caller.js';

// Who may do what. What no line allows is refused, and a server does not start when an RPC has no line.

const { anyone } = allow;
const staff = allow.role('admin', 'service');
const known = allow.role('customer', 'admin', 'service');

/** Staff, or the user whom the request names in this field. */
function own<Field extends string>(field: Field): Rule {
  const isOwn = (identity: Identity, request: Readonly<Record<Field, number>>) => userIdOf(identity) === request[field];
  return allow.any(staff, allow.request(isOwn));
}

/** Staff, or the owner: a question that only the database answers, so the handler asks it (`ownRecord`). */
const ownByRecord = known;

export const policy = definePolicy({
  'ecommerce.ProductService/GetProduct': anyone,
  'ecommerce.ProductService/ListProducts': anyone,
  'ecommerce.ProductService/SearchProducts': anyone,
  'ecommerce.ProductService/CreateProduct': staff,
  'ecommerce.ProductService/CreateProducts': staff,
  'ecommerce.ProductService/UpdateProduct': staff,
  'ecommerce.ProductService/DeleteProduct': staff,
  'ecommerce.ProductService/ChatWithProducts': known,

  'user.UserService/CreateUser': anyone,
  'user.UserService/GetUser': own('id'),
  'user.UserService/UpdateUser': own('id'),
  'user.UserService/DeleteUser': own('id'),
  'user.UserService/ListUsers': staff,
  'user.UserService/CreateUsers': staff,
  'user.UserService/ChatWithUsers': known,

  'ecommerce.OrderService/CreateOrder': own('userId'),
  'ecommerce.OrderService/GetOrder': ownByRecord,
  'ecommerce.OrderService/ListOrders': own('userId'),
  'ecommerce.OrderService/StreamOrderUpdates': ownByRecord,
  // Customers cancel their own, and change them in no other way: the handler sees to that.
  'ecommerce.OrderService/UpdateOrderStatus': ownByRecord,

  'ecommerce.PaymentService/ProcessPayment': ownByRecord,
  'ecommerce.PaymentService/RefundPayment': staff,
  'ecommerce.PaymentService/GetPaymentHistory': own('userId'),
  'advanced.PaymentService/ProcessPayment': ownByRecord,
  'advanced.PaymentService/ProcessPaymentStream': ownByRecord,
  'advanced.PaymentService/BidirectionalPaymentStream': ownByRecord,
  'advanced.PaymentService/StreamPayments': known,

  'ecommerce.NotificationService/SendNotification': staff,
  'ecommerce.NotificationService/StreamNotifications': own('userId'),

  'chat.ChatService/JoinRoom': known,
  'chat.ChatService/SendMessage': known,
  'chat.ChatService/GetRoomHistory': known,
  'chat.ChatService/GetOnlineUsers': known,

  'analytics.AnalyticsService/TrackEvent': anyone,
  'analytics.AnalyticsService/GetMetrics': staff,
  'analytics.AnalyticsService/StreamMetrics': staff,
  'analytics.AnalyticsService/GetDashboard': staff,

  ...healthAndReflection,
});
