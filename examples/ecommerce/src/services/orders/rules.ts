import { OrderServiceService, OrderStatus, type Address, type OrderItem } from '../../gen/ecommerce/order.js';
import { pageRules } from '../../paging.js';
import { id, integer, oneOf, optionalId, rulesFor, text } from '../../rules.js';

const MAX_ITEMS = 100;
const MAX_QUANTITY = 1_000;

export const orderRules = rulesFor(OrderServiceService, {
  createOrder: ({ userId, items, shippingAddress }) => [
    id('user_id', userId),
    ...itemRules(items),
    ...addressRules(shippingAddress),
  ],
  getOrder: (request) => [id('id', request.id)],
  streamOrderUpdates: (request) => [id('id', request.id)],
  updateOrderStatus: (request) => [id('id', request.id), oneOf('status', request.status, OrderStatus)],
  listOrders: (request) => [
    optionalId('user_id', request.userId),
    oneOf('status', request.status, OrderStatus, { optional: true }),
    ...pageRules(request),
  ],
});

/** Names and prices are not looked at: the catalogue decides them. */
function itemRules(items: readonly OrderItem[]) {
  if (items.length === 0 || items.length > MAX_ITEMS) {
    return [{ field: 'items', description: `must be 1 to ${MAX_ITEMS}` }];
  }
  return items.flatMap(({ productId, quantity }, index) => [
    id(`items[${index}].product_id`, productId),
    repeated(items, index),
    integer(`items[${index}].quantity`, quantity, 1, MAX_QUANTITY),
  ]);
}

function repeated(items: readonly OrderItem[], index: number) {
  const first = items.findIndex(({ productId }) => productId === items[index]!.productId);
  if (first === index || items[index]!.productId <= 0) return undefined;
  return { field: `items[${index}].product_id`, description: `is in items[${first}] already` };
}

function addressRules(address: Address | undefined) {
  if (address === undefined) return [{ field: 'shipping_address', description: 'is required' }];
  return [
    text('shipping_address.street', address.street, { max: 200 }),
    text('shipping_address.city', address.city, { max: 100 }),
    text('shipping_address.state', address.state, { min: 0, max: 100 }),
    text('shipping_address.zip_code', address.zipCode, { max: 20 }),
    text('shipping_address.country', address.country, { max: 100 }),
  ];
}
