import type { Role } from './issuer.js';

/** Somebody whom every fresh database knows. */
export interface Person {
  readonly userId: number;
  readonly name: string;
  readonly email: string;
  readonly role: Exclude<Role, 'service'>;
}

export const PEOPLE: readonly Person[] = [
  { userId: 1, name: 'Ada Lovelace', email: 'ada@shop.example', role: 'customer' },
  { userId: 2, name: 'Grace Hopper', email: 'grace@shop.example', role: 'customer' },
  { userId: 3, name: 'Katherine Johnson', email: 'admin@shop.example', role: 'admin' },
];

/** @throws Error when there is nobody of this id. */
export function personOf(userId: number): Person {
  const person = PEOPLE.find((each) => each.userId === userId);
  if (person === undefined) throw new Error(`There is nobody with the id ${userId}.`);
  return person;
}
