import type { status } from '@grpc/grpc-js';
import { statusName } from '../core/status/status-name.js';

/** `UNAVAILABLE, ABORTED`: for descriptions. */
export function codeNames(codes: Iterable<status>): string {
  return [...codes].map(statusName).join(', ');
}
