import { status } from '@grpc/grpc-js';
import { defineErrors } from 'grpc-js-middleware/errors';
import { formatCents, toCents } from './money.js';
import { formatCount } from './numbers.js';
import { MAX_AMOUNT } from './rules.js';

const { NOT_FOUND, INVALID_ARGUMENT, ALREADY_EXISTS, FAILED_PRECONDITION, ABORTED, UNAVAILABLE } = status;

/** Whose reasons these are, for programs. */
export const ERROR_DOMAIN = 'shop.example';

type Id = { readonly id: number };

/** Every reason for which the shop refuses what is well-formed. Clients match on the names. */
export const errors = defineErrors(ERROR_DOMAIN, {
  PRODUCT_NOT_FOUND: { code: NOT_FOUND, message: ({ id }: Id) => `Product ${id} not found` },
  USER_NOT_FOUND: { code: NOT_FOUND, message: ({ id }: Id) => `User ${id} not found` },
  ORDER_NOT_FOUND: { code: NOT_FOUND, message: ({ id }: Id) => `Order ${id} not found` },
  PAYMENT_NOT_FOUND: { code: NOT_FOUND, message: ({ id }: Id) => `Payment ${id} not found` },

  UPLOAD_TOO_LARGE: {
    code: INVALID_ARGUMENT,
    message: ({ max }: { readonly max: number }) => `One upload takes at most ${formatCount(max)} messages`,
  },
  EMAIL_TAKEN: { code: ALREADY_EXISTS, message: 'Another user has this e-mail address' },
  USER_SUSPENDED: { code: FAILED_PRECONDITION, message: ({ id }: Id) => `User ${id} is suspended` },

  INSUFFICIENT_STOCK: {
    code: FAILED_PRECONDITION,
    message: ({ productId, available }: { readonly productId: number; readonly available: number }) =>
      `Of product ${productId} ${left(available)} left`,
  },
  ILLEGAL_STATUS_TRANSITION: {
    code: FAILED_PRECONDITION,
    message: ({ from, to }: { readonly from: string; readonly to: string }) =>
      `An order that is ${from} cannot become ${to}${HOW[to] ?? ''}`,
  },

  ORDER_TOO_LARGE: {
    code: FAILED_PRECONDITION,
    message: ({ total }: { readonly total: number }) =>
      `An order may cost at most ${formatCents(toCents(MAX_AMOUNT))}, and this one costs ${formatCents(toCents(total))}`,
  },

  ORDER_NOT_PAYABLE: {
    code: FAILED_PRECONDITION,
    message: ({ id, orderStatus }: Id & { readonly orderStatus: string }) => `Order ${id} is ${orderStatus}`,
  },
  PAYMENT_IN_PROGRESS: { code: ABORTED, message: ({ id }: Id) => `Order ${id} is being paid at this moment` },
  PROCESSOR_UNAVAILABLE: { code: UNAVAILABLE, message: 'The card processor does not answer' },
  PAYMENT_NOT_REFUNDABLE: { code: FAILED_PRECONDITION, message: ({ id }: Id) => `Payment ${id} was not made` },
  REFUND_EXCEEDS_PAYMENT: {
    code: FAILED_PRECONDITION,
    message: ({ id, left }: Id & { readonly left: number }) =>
      `Of payment ${id} at most ${formatCents(toCents(left))} can be refunded`,
  },
});

/** Statuses that are not set by hand. */
const HOW: Readonly<Record<string, string>> = {
  CONFIRMED: ': its payment confirms it',
  REFUNDED: ': a refund of the whole payment makes it so',
};

function left(pieces: number): string {
  if (pieces === 0) return 'none is';
  return pieces === 1 ? 'only one is' : `only ${formatCount(pieces)} are`;
}
