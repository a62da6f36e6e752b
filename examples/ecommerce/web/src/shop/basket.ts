import { computed, effect, signal } from '@preact/signals';
import type { Product } from '../api/services.js';

/** What somebody means to buy; name and price as they were shown, the shop decides them anew when it is ordered. */
export interface Line {
  readonly productId: number;
  readonly name: string;
  readonly price: number;
  readonly category: Product['category'];
  readonly quantity: number;
}

const KEPT = 'basket';

/** Outlives a reload; orders live in the shop, this one only here. */
export const basket = signal<readonly Line[]>(JSON.parse(localStorage.getItem(KEPT) ?? '[]') as Line[]);

effect(() => localStorage.setItem(KEPT, JSON.stringify(basket.value)));

/** How many pieces. */
export const pieces = computed(() => basket.value.reduce((sum, { quantity }) => sum + quantity, 0));

export const total = computed(() => basket.value.reduce((sum, { price, quantity }) => sum + price * quantity, 0));

export function add({ id, name, price, category }: Product, quantity: number): void {
  const present = basket.value.find(({ productId }) => productId === id)?.quantity ?? 0;
  const line = { productId: id, name, price, category, quantity: present + quantity };
  basket.value = [...basket.value.filter(({ productId }) => productId !== id), line];
}

/** Of none, the line goes. */
export function setQuantity(productId: number, quantity: number): void {
  basket.value = basket.value
    .map((line) => (line.productId === productId ? { ...line, quantity } : line))
    .filter((line) => line.quantity > 0);
}

export function empty(): void {
  basket.value = [];
}
