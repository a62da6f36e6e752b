import { status, type Client, type ServiceDefinition } from '@grpc/grpc-js';

const bytes = (value: Buffer): Buffer => value;

/** One method whose messages are empty: what is measured is the work behind it. */
export const burnService = {
  burn: {
    path: '/bench.v1.Burner/Burn',
    requestStream: false,
    responseStream: false,
    requestSerialize: bytes,
    requestDeserialize: bytes,
    responseSerialize: bytes,
    responseDeserialize: bytes,
  },
} satisfies ServiceDefinition;

/** Calls it once; answers the code of its status. */
export function burn(client: Client, deadlineMs: number): Promise<status> {
  return new Promise((resolve) => {
    client.makeUnaryRequest(
      burnService.burn.path,
      bytes,
      bytes,
      Buffer.alloc(0),
      { deadline: Date.now() + deadlineMs },
      (error) => resolve(error?.code ?? status.OK),
    );
  });
}
