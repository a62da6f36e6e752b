import { expect, test } from 'vitest';
import { cardRules, type Card } from './cards.js';

const fields = { number: 'card_number', expiry: 'expiry_date', cvv: 'cvv' };
const now = new Date('2026-11-23T12:00:00Z');
const good: Card = { number: '4242 4242 4242 4242', expiry: '12/30', cvv: '123' };

function wrongIn(card: Partial<Card>): string[] {
  return cardRules({ ...good, ...card }, fields, now).flatMap((violation) => violation?.field ?? []);
}

test.each(['4242424242424242', '4000-0000-0000-0002', '378282246310005', '6304000000000000'])(
  '%s is a number',
  (number) => {
    expect(wrongIn({ number })).toEqual([]);
  },
);

test.each([
  '',
  '4242424242424241',
  '42424242',
  '4'.repeat(1_000_000),
  '４２４２４２４２４２４２４２４２',
  '4242x4242',
  '-',
])('a number that is none is refused (%#)', (number) => {
  expect(wrongIn({ number })).toEqual(['card_number']);
});

test.each(['12/30', '11/26', '01/99'])('%s is still good', (expiry) => {
  expect(wrongIn({ expiry })).toEqual([]);
});

test.each(['', '10/26', '11/25', '13/30', '00/30', '1/30', '12/2030', '12-30', '1２/30'])('%j is not', (expiry) => {
  expect(wrongIn({ expiry })).toEqual(['expiry_date']);
});

test.each(['', '12', '12345', 'abc', '١٢٣'])('%j is no CVV', (cvv) => {
  expect(wrongIn({ cvv })).toEqual(['cvv']);
});

test('no description repeats what was given', () => {
  const card = { number: '4242424242424241', expiry: '77/77', cvv: '98765' };
  const text = JSON.stringify(cardRules(card, fields, now));

  for (const secret of Object.values(card)) expect(text).not.toContain(secret);
});
