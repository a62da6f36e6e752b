// What runs in a project that also has the optional packages, and those of its definitions.
import { main as googleProtobuf } from './google-protobuf.js';
import { main as observed } from './observed.js';
import { main as protoLoader } from './proto-loader.js';
import { main as protoLoaderTypes } from './proto-loader-types.js';
import { main as tsProto } from './ts-proto.js';

async function run(): Promise<void> {
  await googleProtobuf();
  await observed();
  await protoLoader();
  await protoLoaderTypes();
  await tsProto();
  console.log('complete: all hold');
}

void run();
