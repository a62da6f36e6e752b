import type { Category, Status } from './api/services.js';

// How the page says what arrives as a name or a number.

const dollars = new Intl.NumberFormat('en-US', { style: 'currency', currency: 'USD' });
const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });
const day = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'short' });

export function money(amount: number): string {
  return dollars.format(amount);
}

export function timeOf(when: string | number | undefined): string {
  return when === undefined ? '' : clock.format(new Date(when));
}

export function dateOf(when: string | undefined): string {
  return when === undefined ? '' : day.format(new Date(when));
}

export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString('en-US')} ${count === 1 ? one : many}`;
}

/** A duration, with as many digits as matter. */
export function milliseconds(ms: number): string {
  if (ms >= 1_000) return `${(ms / 1_000).toFixed(ms >= 10_000 ? 0 : 1)} s`;
  if (ms === 0) return '0 ms';
  if (ms < 1) return `${Math.ceil(ms * 1_000)} µs`;
  return `${ms >= 10 ? Math.round(ms) : ms.toFixed(1)} ms`;
}

export function rate(perSecond: number): string {
  return `${perSecond >= 10 ? Math.round(perSecond).toLocaleString('en-US') : perSecond.toFixed(1).replace('.0', '')}/s`;
}

export function percent(share: number): string {
  const value = share * 100;
  return `${value > 0 && value < 10 ? value.toFixed(1) : Math.round(value)} %`;
}

export const CATEGORIES: Readonly<Record<Exclude<Category, 'PRODUCT_CATEGORY_UNSPECIFIED'>, string>> = {
  PRODUCT_CATEGORY_ELECTRONICS: 'Electronics',
  PRODUCT_CATEGORY_CLOTHING: 'Clothing',
  PRODUCT_CATEGORY_BOOKS: 'Books',
  PRODUCT_CATEGORY_HOME: 'Home',
  PRODUCT_CATEGORY_SPORTS: 'Sports',
};

export type KnownCategory = keyof typeof CATEGORIES;

export const CATEGORY_NAMES = Object.keys(CATEGORIES) as KnownCategory[];

export function categoryName(category: Category): string {
  return (CATEGORIES as Partial<Record<Category, string>>)[category] ?? 'Other';
}

export type Tone = 'good' | 'warn' | 'bad' | '';

/** A status of an order as its word, and the colour that it is said in. */
export const STATUSES: Readonly<Record<Status, readonly [word: string, tone: Tone]>> = {
  ORDER_STATUS_UNSPECIFIED: ['Unknown', ''],
  ORDER_STATUS_PENDING: ['Waits for payment', 'warn'],
  ORDER_STATUS_CONFIRMED: ['Paid', 'good'],
  ORDER_STATUS_SHIPPED: ['On its way', 'good'],
  ORDER_STATUS_DELIVERED: ['Delivered', 'good'],
  ORDER_STATUS_CANCELLED: ['Cancelled', 'bad'],
  ORDER_STATUS_REFUNDED: ['Refunded', ''],
};
