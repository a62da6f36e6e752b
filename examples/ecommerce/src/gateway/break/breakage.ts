import { LoadProcess } from './load-process.js';
import type { Accident } from '../../process/messages.js';
import type { Place } from '../../plan.js';
import type { Fault, LiveSnapshot } from '../contract.js';

/** The processes of services, as far as one breaks them. */
export interface Breakable {
  strike(replica: string, accident: Accident): Promise<void>;
  setFaults(faults: readonly Fault[]): Promise<void>;
}

/** What is broken on purpose, and how it is mended. */
export class Breakage {
  readonly load: LoadProcess;
  private readonly faults = new Map<string, Fault>();

  constructor(
    private readonly processes: Breakable,
    place: Place,
    capacity: number,
  ) {
    this.load = new LoadProcess(place, capacity);
  }

  strike(replica: string, accident: Accident): Promise<void> {
    return this.processes.strike(replica, accident);
  }

  /** A method's fault, in the place of any that it had; one without latency and errors is none. */
  async setFault(fault: Fault): Promise<void> {
    if (fault.latencyMs === 0 && fault.errorRate === 0) this.faults.delete(fault.method);
    else this.faults.set(fault.method, fault);
    await this.processes.setFaults([...this.faults.values()]);
  }

  async clearFaults(): Promise<void> {
    this.faults.clear();
    await this.processes.setFaults([]);
  }

  /** For a snapshot. */
  present(): Pick<LiveSnapshot, 'faults' | 'load'> {
    return { faults: [...this.faults.values()], load: this.load.take() };
  }

  close(): void {
    this.load.stop();
  }
}
