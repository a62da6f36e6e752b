import type { ShopClients } from '../clients.js';
import { OrderStatus, type Order } from '../gen/ecommerce/order.js';
import { PaymentMethod, type Payment } from '../gen/ecommerce/payment.js';
import { ProductCategory } from '../gen/ecommerce/product.js';
import { untilSure } from './until-sure.js';

// What people do in a storm, each until they are sure that it is done, and done once.

export const PRICE = 20;

const shippingAddress = { street: '1 Shore Rd', city: 'Galway', state: '', zipCode: 'H91', country: 'IE' };

/** A new product with so many pieces on the shelf. */
export async function stockUp({ products }: ShopClients, stock: number): Promise<number> {
  const fields = { name: 'Storm Lantern', description: 'Burns on', price: PRICE, stock, tags: [] };
  const { product } = await products.createProduct({ ...fields, category: ProductCategory.HOME });
  return product!.id;
}

/** One piece. */
export async function buy({ orders }: ShopClients, userId: number, productId: number): Promise<Order> {
  const item = { productId, quantity: 1, productName: '', unitPrice: 0, totalPrice: 0 };
  const request = { userId, items: [item], shippingAddress };
  return (await untilSure((options) => orders.createOrder(request, options))).order!;
}

export async function pay(
  { payments }: ShopClients,
  { id, totalAmount }: Pick<Order, 'id' | 'totalAmount'>,
): Promise<Payment> {
  const noCard = { cardNumber: '', expiryDate: '', cvv: '', method: PaymentMethod.PAYPAL };
  const bill = { orderId: id, amount: totalAmount, ...noCard };
  return (await untilSure((options) => payments.processPayment(bill, options))).payment!;
}

export async function refund({ payments }: ShopClients, { id }: Pick<Payment, 'id'>, amount: number): Promise<void> {
  await untilSure((options) => payments.refundPayment({ paymentId: id, amount, reason: 'It rains' }, options));
}

export async function move({ orders }: ShopClients, { id }: Pick<Order, 'id'>, to: OrderStatus): Promise<void> {
  await untilSure((options) => orders.updateOrderStatus({ id, status: to }, options));
}

export function cancel(shop: ShopClients, order: Pick<Order, 'id'>): Promise<void> {
  return move(shop, order, OrderStatus.CANCELLED);
}
