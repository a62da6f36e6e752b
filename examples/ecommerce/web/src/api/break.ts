import type { Accident, Fault, Load } from '../../../src/gateway/contract.js';
import { Refusal } from './refusal.js';

/** Does something to a replica. */
export function strike(replica: string, accident: Accident): Promise<void> {
  return send('POST', `replicas/${replica}/${accident}`, {});
}

export function setFault(fault: Fault): Promise<void> {
  return send('PUT', 'faults', fault);
}

export function clearFaults(): Promise<void> {
  return send('DELETE', 'faults', {});
}

export function setLoad(load: Load): Promise<void> {
  return send('PUT', 'load', load);
}

export function endLoad(): Promise<void> {
  return send('DELETE', 'load', {});
}

async function send(method: string, what: string, body: object): Promise<void> {
  const response = await fetch(`/api/break/${what}`, {
    method,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw await Refusal.of(response);
}
