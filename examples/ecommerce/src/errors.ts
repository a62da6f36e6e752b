import { status } from '@grpc/grpc-js';
import { defineErrors } from 'grpc-js-middleware/errors';

const { NOT_FOUND, INVALID_ARGUMENT } = status;

/** Whose reasons these are, for programs. */
export const ERROR_DOMAIN = 'shop.example';

/** Every reason for which the shop refuses what is well-formed. Clients match on the names. */
export const errors = defineErrors(ERROR_DOMAIN, {
  PRODUCT_NOT_FOUND: { code: NOT_FOUND, message: ({ id }: { id: number }) => `Product ${id} not found` },
  UPLOAD_TOO_LARGE: {
    code: INVALID_ARGUMENT,
    message: ({ max }: { max: number }) => `One upload takes at most ${max} messages`,
  },
});
