/** What the outside world says to a charge. */
export interface Verdict {
  readonly approved: boolean;
  /** For the payer. */
  readonly message: string;
}

/** A card that decides by its number what becomes of a payment. */
export interface TestCard {
  /** With the spaces that people write. */
  readonly number: string;
  readonly label: string;
  /** What the payment will do, as a sentence. */
  readonly outcome: string;
  readonly verdict: Verdict;
}

export const APPROVED: Verdict = { approved: true, message: 'Approved' };

/** For this one the processor is unavailable once for each order. */
export const HICCUP_CARD: TestCard = {
  number: '4000 0000 0000 0119',
  label: 'Hiccup',
  outcome: 'The processor is unavailable once; the payment is retried and approved.',
  verdict: APPROVED,
};

export const TEST_CARDS: readonly TestCard[] = [
  { number: '4242 4242 4242 4242', label: 'Good', outcome: 'The payment is approved.', verdict: APPROVED },
  {
    number: '4000 0000 0000 0002',
    label: 'Declined',
    outcome: 'The card is declined.',
    verdict: { approved: false, message: 'The card was declined' },
  },
  {
    number: '4000 0000 0000 9995',
    label: 'Empty',
    outcome: 'The card has insufficient funds.',
    verdict: { approved: false, message: 'Insufficient funds' },
  },
  HICCUP_CARD,
];
