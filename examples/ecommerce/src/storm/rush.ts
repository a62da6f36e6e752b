import type { ShopClients } from '../clients.js';
import { errors } from '../errors.js';
import { buy } from './trade.js';

/** What a rush came to: the orders that were made, and how many buyers were told that nothing is left. */
export interface Rush {
  readonly orderIds: readonly number[];
  readonly tooLate: number;
}

/** So many buyers want one piece of the same product, all at once. */
export async function rush(shop: ShopClients, buyers: number, userId: number, productId: number): Promise<Rush> {
  const orderIds: number[] = [];
  let tooLate = 0;
  const buyer = async () => {
    try {
      orderIds.push((await buy(shop, userId, productId)).id);
    } catch (error) {
      errors.match(error, { INSUFFICIENT_STOCK: () => tooLate++ });
    }
  };
  await Promise.all(Array.from({ length: buyers }, buyer));
  return { orderIds, tooLate };
}
