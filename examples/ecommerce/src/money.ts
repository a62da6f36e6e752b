/** Money inside the shop: whole cents, so that sums are exact. */
export type Cents = number;

/** What the wire's double means, rounded once. `toPrecision` first, so that 1.005 is 1.01 as people count. */
export function toCents(amount: number): Cents {
  return Math.round(Number((amount * 100).toPrecision(15)));
}

/** For the wire. */
export function fromCents(cents: Cents): number {
  return cents / 100;
}

const dollars = new Intl.NumberFormat('en-US', { style: 'currency', currency: 'USD' });

/** For people: `$1,299.00`. */
export function formatCents(cents: Cents): string {
  return dollars.format(cents / 100);
}
