// The wire runtime of generated code, behind types of our own. Those of @bufbuild/protobuf need TypeScript 5.9, and would
// reach applications through the messages that `/testing` exports; `scripts/generate.mjs` leads generated code here.
import * as runtime from '@bufbuild/protobuf/wire';

/** Writes the fields of a message. */
export interface BinaryWriter {
  uint32(value: number): this;
  int32(value: number): this;
  int64(value: bigint): this;
  bool(value: boolean): this;
  bytes(value: Uint8Array): this;
  string(value: string): this;
  /** Begins a message within the message; `join` ends it. */
  fork(): this;
  join(): this;
  finish(): Uint8Array;
}

/** Reads the fields of a message. */
export interface BinaryReader {
  readonly pos: number;
  readonly len: number;
  uint32(): number;
  int32(): number;
  int64(): bigint | string;
  bool(): boolean;
  bytes(): Uint8Array;
  string(): string;
  /** Passes over a field of an unknown number. */
  skip(wireType: number): Uint8Array;
}

export const BinaryWriter: new () => BinaryWriter = runtime.BinaryWriter;
export const BinaryReader: new (bytes: Uint8Array) => BinaryReader = runtime.BinaryReader;
