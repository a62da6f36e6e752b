// Guide, "Client-side Load Balancing": a resolver of one's own with three addresses, and round robin over them.
import { registerStaticResolver, roundRobin } from 'grpc-js-middleware/resolver';
import { connect, serve } from './product-service.mjs';

const names = ['first', 'second', 'third'];
const servers = await Promise.all(
  names.map((name) => serve({ getProduct: async ({ id }) => ({ product: { id, name } }) })),
);

registerStaticResolver('custom', { 'product-service': servers.map(({ address }) => address) });
const client = connect('custom:///product-service', roundRobin());
const answeredBy = async () => (await client.getProduct({ id: 1 })).product.name;

// The first calls go to the servers that are connected by then; when all are, they take turns.
const connected = new Set();
while (connected.size < names.length) connected.add(await answeredBy());

const answers = [];
for (let i = 0; i < 9; i++) answers.push(await answeredBy());
for (const name of names) console.log(answers.filter((each) => each === name).length, `of 9 requests: ${name} server`);
client.close();
for (const { close } of servers) close();
