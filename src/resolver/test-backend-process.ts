// A backend in a process of its own, to be stopped and killed: prints its port, then serves until it is ended.
import { TestBackend } from './test-backend.js';

const backend = await TestBackend.start(process.argv[2] ?? 'child');
console.log(backend.port);
