import type { Metadata } from '@grpc/grpc-js';
import type { TextMapGetter, TextMapSetter } from '@opentelemetry/api';

/**
 * How propagators read gRPC metadata. Their interface knows text only, so values of `-bin` keys are given in base64, as
 * they are on the wire (gRFC A72).
 */
export const metadataGetter: TextMapGetter<Metadata> = {
  keys: (metadata) => Object.keys(metadata.getMap()),
  get(metadata, key) {
    const values = metadata.get(key);
    if (values.length === 0) return undefined;
    return values.length === 1 ? textOf(values[0]!) : values.map(textOf);
  },
};

/** How propagators write gRPC metadata; text for a `-bin` key is base64. */
export const metadataSetter: TextMapSetter<Metadata> = {
  set(metadata, key, value) {
    metadata.set(key, key.endsWith('-bin') ? Buffer.from(value, 'base64') : value);
  },
};

/** A metadata value as text: binary ones in base64. */
export function textOf(value: string | Buffer): string {
  return typeof value === 'string' ? value : value.toString('base64');
}
