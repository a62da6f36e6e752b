// Usage: first-call.js SERVER CLIENT: how long does the first call of a process take, that of its connection included?
import { clients } from '../loopback/clients.js';
import { servers } from '../loopback/servers.js';

const [server, client] = process.argv.slice(2) as [string, string];
const port = await servers[server]!();
// A call of another client warms up grpc-js and the connection's code, which are not what is measured.
await (await clients['bare']!(await servers['bare']!())).unary();
const caller = await clients[client]!(port);

const from = performance.now();
await caller.unary();
process.stdout.write(JSON.stringify({ ms: performance.now() - from }), () => process.exit(0));
