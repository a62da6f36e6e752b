import type { StatusError } from '../status/status-error.js';

/** Whether a call was stopped, and whoever wants to know: an abort signal that is made when somebody asks, and listeners. */
export class Stop {
  private reason: StatusError | undefined;
  private controller: AbortController | undefined;
  private listeners: (() => void)[] | undefined;

  get signal(): AbortSignal {
    if (this.controller === undefined) {
      this.controller = new AbortController();
      if (this.reason !== undefined) this.controller.abort(this.reason);
    }
    return this.controller.signal;
  }

  /** Calls once when the call is stopped; at once if it was. */
  onStop(listener: () => void): void {
    if (this.reason !== undefined) listener();
    else (this.listeners ??= []).push(listener);
  }

  /** The first reason counts. */
  stop(reason: StatusError): void {
    if (this.reason !== undefined) return;
    this.reason = reason;
    this.controller?.abort(reason);
    const { listeners } = this;
    this.listeners = undefined;
    listeners?.forEach((listener) => listener());
  }
}
