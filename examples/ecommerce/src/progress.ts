/** Tells people who wait what is being done: one line that changes on a terminal, a line each elsewhere. */
export class Progress {
  private readonly startedAt = performance.now();
  private readonly live = process.stderr.isTTY;
  private shown = '';

  show(what: string): void {
    if (what === this.shown) return; // several processes say the same
    this.shown = what;
    if (this.live) process.stderr.write(`\r\u001b[K… ${what}`);
    else process.stderr.write(`… ${what}\n`);
  }

  /** The last word, with the time it all took. */
  done(what: string): void {
    const seconds = ((performance.now() - this.startedAt) / 1000).toFixed(1);
    process.stderr.write(`${this.live ? '\r\u001b[K' : ''}✓ ${what} (${seconds} s)\n`);
  }

  /** Leaves the line to whoever writes next. */
  clear(): void {
    if (this.live) process.stderr.write('\r\u001b[K');
  }
}
