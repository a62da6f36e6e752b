// Opens as many Watch streams as the first argument says to the address in the second, and tells its parent when all
// have heard something, and when all have heard the next thing.
import { Client, credentials } from '@grpc/grpc-js';

const [count = '0', address = ''] = process.argv.slice(2);
const connections = 10;
const path = '/grpc.health.v1.Health/Watch';
const clients = Array.from(
  { length: connections },
  () => new Client(address, credentials.createInsecure(), { 'grpc.use_local_subchannel_pool': 1 }),
);
const total = Number(count);
let heard = 0;

for (let i = 0; i < total; i++) {
  const call = clients[i % connections]!.makeServerStreamRequest<string, Buffer>(
    path,
    () => Buffer.alloc(0),
    (bytes) => bytes,
    '',
  );
  call.on('data', () => {
    heard++;
    if (heard % total === 0) process.send!(Date.now());
  });
  call.on('error', () => {});
  // A burst of ten thousand would measure the connection's start, not its streams.
  if (i % 500 === 499) await new Promise((resolve) => setTimeout(resolve, 20));
}
