import { errors } from '../../errors.js';
import type { Cents } from '../../money.js';

/** What the outside world says to a charge. */
export interface Verdict {
  readonly approved: boolean;
  /** For the payer. */
  readonly message: string;
}

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

const APPROVED: Verdict = { approved: true, message: 'Approved' };

const TEST_CARDS: Readonly<Record<string, Verdict>> = {
  '4242424242424242': APPROVED,
  '4000000000000119': APPROVED,
  '4000000000000002': { approved: false, message: 'The card was declined' },
  '4000000000009995': { approved: false, message: 'Insufficient funds' },
};

/** For this one the processor is unavailable once for each order. */
const HICCUP_CARD = '4000000000000119';

/** A processor without money behind it: test cards decide, and what is no card is approved. */
export class TestProcessor implements Processor {
  private readonly hiccups = new Set<number>();

  charge({ orderId, cardNumber }: Charge): Promise<Verdict> {
    if (cardNumber === HICCUP_CARD && !this.hiccups.delete(orderId)) {
      this.hiccups.add(orderId);
      return Promise.reject(errors.PROCESSOR_UNAVAILABLE());
    }
    const unknown = { approved: false, message: 'This shop takes test cards only' };
    return Promise.resolve(cardNumber === undefined ? APPROVED : (TEST_CARDS[cardNumber] ?? unknown));
  }
}
