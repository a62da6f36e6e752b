import { status } from '@grpc/grpc-js';
import type { ErrorDetail } from './details.js';

/**
 * How the texts begin that grpc-js's client makes by itself. They name hosts, addresses and ports of servers that only
 * this process should know. Taken from grpc-js 1.14's sources, and from what Node adds to them.
 */
const LOCAL_TEXTS = new RegExp(
  `^(?:${[
    'No connection established',
    'Name resolution failed',
    'Name resolver ',
    'Failed to parse ',
    'Parsing service config failed',
    'Unrecognized scheme ',
    'Could not find a resolver',
    'Invalid status from control plane',
    'Channel closed before call started',
    'Subchannel ',
    'Connection (?:dropped|error|closed|reset|timed out)',
    'No status information received',
    'No message received',
    'Received (?:RST_STREAM|HTTP status|message |unexpected |invalid )',
    'Attempted to send message ',
    'Response message parsing error',
    'Request message serialization failure',
    'Failed to (?:decompress|write|start|create) ',
    'Write (?:error|failed)',
    'Stream (?:refused|removed)',
    'Bandwidth exhausted',
    'Deadline exceeded after ',
    'Credentials are not sent ',
  ].join('|')})`,
);

/** Signs of a connection's own words anywhere in a text: an address that was tried, or a system call's error. */
const ADDRESSES =
  /remote_addr=|\bLast error:|\b(?:connect|getaddrinfo|queryA|queryAaaa|querySrv|queryTxt|read|write) E[A-Z_]{3,}|\bE(?:CONNREFUSED|CONNRESET|HOSTUNREACH|NETUNREACH|TIMEDOUT|NOTFOUND|AI_AGAIN|PIPE)\b/;

/** What is said instead. */
const NEUTRAL: Partial<Record<status, string>> = {
  [status.CANCELLED]: 'Cancelled',
  [status.DEADLINE_EXCEEDED]: 'Deadline exceeded',
  [status.UNAVAILABLE]: 'A service that this one needs is unavailable',
};

/**
 * The text that may go on to a client for one that came from a server further down. What a server said stays; what the
 * local gRPC client said of its connections, in this process or in one further down, is replaced by a neutral text.
 */
export function outwardText(code: status, text: string): string {
  if (!LOCAL_TEXTS.test(text) && !ADDRESSES.test(text)) return text;
  return NEUTRAL[code] ?? 'A call to a service that this one needs failed';
}

/** The details that may go on: a DebugInfo is for the server's own developers, and never leaves the process that got it. */
export function outwardDetails(details: readonly ErrorDetail[]): ErrorDetail[] {
  return details.filter(({ type }) => type !== 'debugInfo');
}
