import { expect, test } from 'vitest';
import { errors } from './errors.js';

test.each([
  [errors.INSUFFICIENT_STOCK({ productId: 7, available: 0 }), 'Of product 7 none is left'],
  [errors.INSUFFICIENT_STOCK({ productId: 7, available: 1 }), 'Of product 7 only one is left'],
  [errors.INSUFFICIENT_STOCK({ productId: 7, available: 1_200 }), 'Of product 7 only 1,200 are left'],
  [errors.REFUND_EXCEEDS_PAYMENT({ id: 3, left: 1_098 }), 'Of payment 3 at most $1,098.00 can be refunded'],
  [errors.UPLOAD_TOO_LARGE({ max: 1_000 }), 'One upload takes at most 1,000 messages'],
])('numbers and money in a refusal are written as people write them (%#)', (error, sentence) => {
  expect(error.details).toBe(`business error [${error.reason}]: ${sentence}`);
});
