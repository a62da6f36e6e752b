import { PaymentMethod } from '../gen/ecommerce/payment.js';
import type { TestShop } from '../testing/test-shop.js';

/** What is in the shop before anything bad is sent to it. */
export interface World {
  /** Of a laptop at $1,299, not paid. */
  readonly adasOrder: number;
  readonly gracesOrder: number;
  /** Another of Ada's. */
  readonly paidOrder: number;
  /** Of it, in whole. */
  readonly payment: number;
  /** A card that was declined. */
  readonly refusedPayment: number;
}

const shippingAddress = { street: '1 Main St', city: 'Springfield', state: '', zipCode: '12345', country: 'US' };
const laptop = { productId: 1, quantity: 1, productName: '', unitPrice: 0, totalPrice: 0 };

export async function makeWorld({ ada, grace }: Pick<TestShop, 'ada' | 'grace'>): Promise<World> {
  const newOrder = async (buyer: typeof ada, userId: number) => {
    const { order } = await buyer.orders.createOrder({ userId, items: [laptop], shippingAddress });
    return order!.id;
  };
  const pay = async (orderId: number, cardNumber: string) => {
    const card = { method: PaymentMethod.DEBIT_CARD, cardNumber, expiryDate: '12/40', cvv: '123' };
    const { payment } = await ada.payments.processPayment({ orderId, amount: 1_299, ...card });
    return payment!.id;
  };
  const [adasOrder, paidOrder, gracesOrder] = [
    await newOrder(ada, 1),
    await newOrder(ada, 1),
    await newOrder(grace, 2),
  ];
  return {
    adasOrder,
    gracesOrder,
    paidOrder,
    refusedPayment: await pay(paidOrder, '4000000000000002'),
    payment: await pay(paidOrder, '4242424242424242'),
  };
}
