import {
  PaymentServiceService as AdvancedPaymentService,
  type PaymentRequest as AdvancedRequest,
} from '../../gen/advanced/payment.js';
import { PaymentMethod, PaymentServiceService, type PaymentRequest } from '../../gen/ecommerce/payment.js';
import { pageRules } from '../../paging.js';
import { amount, id, oneOf, optionalId, rulesFor, text } from '../../rules.js';
import { cardRules, type Card, type CardFields } from './cards.js';

export const paymentRules = rulesFor(PaymentServiceService, {
  processPayment: (request) => [
    id('order_id', request.orderId),
    amount('amount', request.amount),
    ...methodRules(request),
  ],
  refundPayment: (request) => [
    id('payment_id', request.paymentId),
    amount('amount', request.amount),
    text('reason', request.reason, { max: 500 }),
  ],
  getPaymentHistory: (request) => [optionalId('user_id', request.userId), ...pageRules(request)],
});

export const advancedPaymentRules = rulesFor(AdvancedPaymentService, {
  processPayment: advancedRule,
  processPaymentStream: advancedRule,
  bidirectionalPaymentStream: advancedRule,
  streamPayments: () => [],
});

const FIELDS: CardFields = { number: 'card_number', expiry: 'expiry_date', cvv: 'cvv' };
const ADVANCED_FIELDS: CardFields = {
  number: 'credit_card.number',
  expiry: 'credit_card.expiry',
  cvv: 'credit_card.cvv',
};

export function isCard(method: PaymentMethod): boolean {
  return method === PaymentMethod.CREDIT_CARD || method === PaymentMethod.DEBIT_CARD;
}

export function cardOf({ cardNumber, expiryDate, cvv }: PaymentRequest): Card {
  return { number: cardNumber, expiry: expiryDate, cvv };
}

/** What the method asks for; nobody knows what one would that does not exist. */
function methodRules(request: PaymentRequest) {
  const unknown = oneOf('method', request.method, PaymentMethod);
  if (unknown !== undefined) return [unknown];
  return isCard(request.method) ? cardRules(cardOf(request), FIELDS) : noCardRules(request);
}

/** A card given along with a method that takes none was given by mistake, and should not travel again. */
function noCardRules(request: PaymentRequest) {
  const given = Object.entries(cardOf(request)).filter(([, value]) => value !== '');
  return given.map(([part]) => ({ field: FIELDS[part as keyof Card], description: 'only cards have this' }));
}

function advancedRule({ orderId, amount: value, paymentMethod }: AdvancedRequest) {
  return [id('order_id', orderId), amount('amount', value), ...wayRules(paymentMethod)];
}

function wayRules(method: AdvancedRequest['paymentMethod']) {
  switch (method?.$case) {
    case 'creditCard':
      return cardRules(method.creditCard, ADVANCED_FIELDS);
    case 'bankAccount':
      return [
        digits('bank_account.account_number', method.bankAccount.accountNumber, 4, 17),
        digits('bank_account.routing_number', method.bankAccount.routingNumber, 9, 9),
      ];
    case 'digitalWallet':
      return [
        text('digital_wallet.wallet_id', method.digitalWallet.walletId, { max: 100 }),
        text('digital_wallet.provider', method.digitalWallet.provider, { max: 100 }),
      ];
    default:
      return [{ field: 'payment_method', description: 'must be a credit card, a bank account or a digital wallet' }];
  }
}

function digits(field: string, value: string, min: number, max: number) {
  if (/^\d+$/.test(value) && value.length >= min && value.length <= max) return undefined;
  return { field, description: `must be ${min === max ? min : `${min} to ${max}`} digits` };
}
