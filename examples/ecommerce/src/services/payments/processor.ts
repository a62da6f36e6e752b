import { errors } from '../../errors.js';
import type { Cents } from '../../money.js';
import { digitsOf } from './cards.js';
import { APPROVED, HICCUP_CARD, TEST_CARDS, type Verdict } from './test-cards.js';

export interface Charge {
  readonly orderId: number;
  readonly amountCents: Cents;
  /** The same id is charged once, however often it is asked for. */
  readonly transactionId: string;
  /** Only of card payments. */
  readonly cardNumber: string | undefined;
}

/** Moves the money. */
export interface Processor {
  /** @throws BusinessError PROCESSOR_UNAVAILABLE when nothing was charged and another try may succeed */
  charge(charge: Charge): Promise<Verdict>;
}

const VERDICTS = new Map(TEST_CARDS.map(({ number, verdict }) => [digitsOf(number), verdict]));

/** A processor without money behind it: test cards decide, and what is no card is approved. */
export class TestProcessor implements Processor {
  private readonly hiccups = new Set<number>();

  charge({ orderId, cardNumber }: Charge): Promise<Verdict> {
    if (cardNumber === digitsOf(HICCUP_CARD.number) && !this.hiccups.delete(orderId)) {
      this.hiccups.add(orderId);
      return Promise.reject(errors.PROCESSOR_UNAVAILABLE());
    }
    const unknown = { approved: false, message: 'This shop takes test cards only' };
    return Promise.resolve(cardNumber === undefined ? APPROVED : (VERDICTS.get(cardNumber) ?? unknown));
  }
}
