// Guide, "Error Handling": errors with a meaning on the server, handled by their code on the client.
import { status } from '@grpc/grpc-js';
import { BusinessError, ValidationError } from 'grpc-js-middleware';
import { errorClientInterceptor, errorServerInterceptor } from 'grpc-js-middleware/errors';
import { connect, serve } from './product-service.mjs';

const { address, close } = await serve(
  {
    async getProduct({ id }) {
      if (id <= 0) throw new ValidationError('id', 'ID must be positive');
      if (id > 100) throw new Error('connect ECONNREFUSED 10.0.3.7:5432'); // unexpected: clients must not see it
      throw new BusinessError('PRODUCT_NOT_FOUND', 'Product not found');
    },
  },
  [errorServerInterceptor({ onUnknown: (error) => console.log('Server log:', error.message) })],
);

function handleGRPCError(error) {
  switch (error.code) {
    case status.NOT_FOUND:
      return console.log('Resource not found:', error.details);
    case status.INVALID_ARGUMENT:
      return console.log('Invalid argument:', error.details);
    case status.FAILED_PRECONDITION:
      return console.log('Business logic error:', error.details);
    case status.INTERNAL:
      return console.log('Internal server error:', error.details);
    default:
      return console.log(`gRPC error [${status[error.code]}]:`, error.details);
  }
}

const client = connect(address, { interceptors: [errorClientInterceptor()] });
for (const id of [-1, 7, 101]) await client.getProduct({ id }).catch(handleGRPCError);

// The classes arrive as they were thrown, with what they carry.
const error = await client.getProduct({ id: -1 }).catch((reason) => reason);
console.log(error instanceof ValidationError, error.violations);
client.close();
close();
