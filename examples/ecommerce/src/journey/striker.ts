import type { Accident } from '../process/messages.js';
import type { Issuer } from '../identity/issuer.js';
import { httpUrl } from '../plan.js';

/** Lets replicas of an open shop have accidents, as an administrator may. */
export class Striker {
  constructor(
    private readonly portOffset: number,
    private readonly issuer: Issuer,
  ) {}

  /** Resolves when it has happened: after `start`, when the replica serves again. */
  async strike(replica: string, accident: Accident): Promise<void> {
    const token = await this.issuer.token({ userId: 3, role: 'admin' });
    const url = `${httpUrl(this.portOffset)}/replicas/${replica}/${accident}`;
    const response = await fetch(url, { method: 'POST', headers: { authorization: `Bearer ${token}` } });
    if (!response.ok) throw new Error(`${replica} could not be struck: ${await response.text()}`);
  }
}
