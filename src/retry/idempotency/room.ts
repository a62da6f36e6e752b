/** A number of entries, and what they take. */
export interface Size {
  readonly entries: number;
  readonly bytes: number;
}

/** What a store has left, for all callers and for each of them. */
export class Room {
  private entries = 0;
  private bytes = 0;
  private readonly callers = new Map<string, { entries: number; bytes: number }>();

  constructor(
    private readonly max: Size,
    private readonly perCaller: Size,
  ) {}

  /** Whether there is room for another entry of this caller. */
  has(caller: string, bytes: number): boolean {
    const used = this.callers.get(caller)?.entries ?? 0;
    if (this.entries >= this.max.entries || used >= this.perCaller.entries) return false;
    return this.fits(caller, bytes);
  }

  /** Whether the entries of this caller may take so many bytes more. */
  fits(caller: string, bytes: number): boolean {
    const used = this.callers.get(caller)?.bytes ?? 0;
    return this.bytes + bytes <= this.max.bytes && used + bytes <= this.perCaller.bytes;
  }

  take(caller: string, bytes: number): void {
    const used = this.callers.get(caller) ?? { entries: 0, bytes: 0 };
    used.entries++;
    used.bytes += bytes;
    this.callers.set(caller, used);
    this.entries++;
    this.bytes += bytes;
  }

  giveBack(caller: string, bytes: number): void {
    const used = this.callers.get(caller)!;
    used.entries--;
    used.bytes -= bytes;
    if (used.entries === 0) this.callers.delete(caller);
    this.entries--;
    this.bytes -= bytes;
  }
}
