import type { Violation } from 'grpc-js-middleware';

/** What a card payment says; none of it is kept but the last four digits. */
export interface Card {
  readonly number: string;
  /** MM/YY */
  readonly expiry: string;
  readonly cvv: string;
}

/** The names of a card's fields in a request. */
export type CardFields = Readonly<Record<keyof Card, string>>;

/** Everything that is wrong with a card. No description repeats what was given: errors are logged, cards are not. */
export function cardRules(card: Card, fields: CardFields, now = new Date()): (Violation | undefined)[] {
  return [
    isCardNumber(digitsOf(card.number)) ? undefined : { field: fields.number, description: 'must be a card number' },
    expiryRule(card.expiry, fields.expiry, now),
    /^\d{3,4}$/.test(card.cvv) ? undefined : { field: fields.cvv, description: 'must be three or four digits' },
  ];
}

/** Without the spaces and hyphens that people write. */
export function digitsOf(number: string): string {
  return number.replaceAll(/[ -]/g, '');
}

/** 12 to 19 digits whose last one is right (ISO/IEC 7812-1, annex B: Luhn). */
function isCardNumber(digits: string): boolean {
  if (!/^\d{12,19}$/.test(digits)) return false;
  const sum = [...digits].reverse().reduce((total, digit, index) => total + luhn(Number(digit), index % 2 === 1), 0);
  return sum % 10 === 0;
}

function luhn(digit: number, doubled: boolean): number {
  if (!doubled) return digit;
  return digit > 4 ? digit * 2 - 9 : digit * 2;
}

/** A card is good to the end of its month. */
function expiryRule(expiry: string, field: string, now: Date): Violation | undefined {
  const [, month, year] = /^(0[1-9]|1[0-2])\/(\d\d)$/.exec(expiry) ?? [];
  if (month === undefined) return { field, description: 'must be MM/YY' };
  const end = Date.UTC(2000 + Number(year), Number(month));
  return end > now.getTime() ? undefined : { field, description: 'is in the past' };
}
