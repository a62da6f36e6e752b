/**
 * Names of OpenTelemetry's stable RPC conventions (semantic conventions 1.45), and of gRFC A72 where those are silent.
 * They are written out because importing the package that holds them takes 10 ms; a test compares the two.
 */
export const ATTR_RPC_SYSTEM_NAME = 'rpc.system.name';
export const ATTR_RPC_METHOD = 'rpc.method';
export const ATTR_RPC_STATUS_CODE = 'rpc.status_code';
export const ATTR_ERROR_TYPE = 'error.type';
export const ATTR_SERVER_ADDRESS = 'server.address';
export const ATTR_SERVER_PORT = 'server.port';
export const ATTR_NETWORK_PEER_ADDRESS = 'network.peer.address';
export const ATTR_NETWORK_PEER_PORT = 'network.peer.port';

/** Followed by the key, in lower case. Still experimental in 1.45. */
export const ATTR_RPC_REQUEST_HEADER = 'rpc.request.header.';
export const ATTR_RPC_RESPONSE_HEADER = 'rpc.response.header.';
export const ATTR_RPC_RESPONSE_TRAILER = 'rpc.response.trailer.';

/** gRFC A72. */
export const ATTR_PREVIOUS_ATTEMPTS = 'previous-rpc-attempts';
export const ATTR_SEQUENCE_NUMBER = 'sequence-number';
export const EVENT_INBOUND_MESSAGE = 'Inbound message';
export const EVENT_OUTBOUND_MESSAGE = 'Outbound message';
/** So that spans of attempts and of calls are never counted together. */
export const ATTEMPT_NAME_PREFIX = 'Attempt.';
