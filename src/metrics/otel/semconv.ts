import { status } from '@grpc/grpc-js';
import { isAttempt } from '../../core/client/client-call.js';
import type { ClientCallContext } from '../../core/context.js';
import { fullName } from '../../core/match.js';
import type { Method } from '../../core/method.js';
import { serverOfTarget } from '../../core/base/network-address.js';
import { isServerError } from '../../core/status/server-errors.js';
import { statusName } from '../../core/status/status-name.js';
import type { Meter, Side } from '../style.js';
import type { Attributes, MeterLike } from './api.js';
import { AttributeCache } from './attribute-cache.js';
import {
  ATTR_ERROR_TYPE,
  ATTR_RPC_METHOD,
  ATTR_RPC_STATUS_CODE,
  ATTR_RPC_SYSTEM_NAME,
  ATTR_SERVER_ADDRESS,
  ATTR_SERVER_PORT,
  METRIC_RPC_CLIENT_CALL_DURATION,
  METRIC_RPC_SERVER_CALL_DURATION,
  SEMCONV_BUCKETS,
} from './conventions.js';
import { DurationRecord } from './duration-record.js';
import type { ExtraLabels } from './extra-labels.js';

/**
 * `rpc.server.call.duration` or `rpc.client.call.duration` of OpenTelemetry's stable RPC conventions. The latter is of
 * logical calls, so attempts are not recorded.
 */
export function semconvMeter(side: Side, meter: MeterLike, extra: ExtraLabels): Meter {
  const durations = meter.createHistogram(
    side === 'server' ? METRIC_RPC_SERVER_CALL_DURATION : METRIC_RPC_CLIENT_CALL_DURATION,
    {
      description: side === 'server' ? 'Time to answer a call.' : 'Time until a call was answered.',
      unit: 's',
      advice: { explicitBucketBoundaries: SEMCONV_BUCKETS },
    },
  );
  return (method) => {
    const attributes = new AttributeCache((code, target, labels) => ({
      ...labels,
      ...callAttributes(side, method, code),
      ...(side === 'client' ? serverAttributes(target) : {}),
    }));
    return (call) => {
      if (side === 'client' && isAttempt(call as ClientCallContext)) return undefined;
      return new DurationRecord(side, durations, attributes, extra.of(call), call);
    };
  };
}

function callAttributes(side: Side, method: Method, code: status): Attributes {
  const name = statusName(code);
  const failed = side === 'server' ? isServerError(code) : code !== status.OK;
  return {
    [ATTR_RPC_SYSTEM_NAME]: 'grpc',
    [ATTR_RPC_METHOD]: fullName(method),
    [ATTR_RPC_STATUS_CODE]: name,
    ...(failed ? { [ATTR_ERROR_TYPE]: name } : {}),
  };
}

function serverAttributes(target: string): Attributes {
  if (target === '') return {};
  const { address, port } = serverOfTarget(target);
  return { [ATTR_SERVER_ADDRESS]: address, ...(port === undefined ? {} : { [ATTR_SERVER_PORT]: port }) };
}
