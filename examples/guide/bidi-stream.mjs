// Guide, "Bidirectional Streaming RPC": both sides send when they like; here each message is answered.
import { connect, serve } from './product-service.mjs';

const { address, close } = await serve({
  async *chatWithProducts(requests) {
    for await (const { id, message } of requests) {
      yield { id, message: `Product information: ${message}`, timestamp: Math.floor(Date.now() / 1000) };
    }
  },
});

const client = connect(address);
const questions = [
  { id: 1, message: 'Is the laptop light?' },
  { id: 2, message: 'Are the socks warm?' },
];
for await (const { id, message } of client.chatWithProducts(questions)) console.log(id, message);
client.close();
close();
