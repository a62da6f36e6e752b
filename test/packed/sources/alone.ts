// What runs with the library, grpc-js and nothing else.
import { main as everyPath } from './every-path.js';
import { main as protoLoader } from './proto-loader.js';
import { main as protoLoaderTypes } from './proto-loader-types.js';

async function run(): Promise<void> {
  await everyPath();
  await protoLoader();
  await protoLoaderTypes();
  console.log('alone: all hold');
}

void run();
