import type { OutgoingStatus } from '../status/wire-status.js';
import type { ServerLife } from './server-life.js';

/** What a handler answered after its call was over. */
export type LateResult = { readonly message: unknown } | { readonly status: OutgoingStatus };

/**
 * Three moments of a call, for limits and stores that wait for one of them: a status was chosen, the handler has settled,
 * and (`onEnd`) the call is over.
 */
export abstract class ServerMoments {
  abstract readonly life: ServerLife;
  private lateListener: ((result: LateResult) => void) | undefined;
  private handler: 'idle' | 'running' | 'settled' = 'idle';
  private onChosen: (() => void)[] | undefined;
  private onSettled: (() => void)[] | undefined;

  /** A status was chosen, by this side or by grpc-js: nothing else can be sent. */
  get concluded(): boolean {
    return this.life.concluded;
  }

  /**
   * Hears what the handler answers after the call was concluded without it: its message (unary: then it is done), or its
   * status. No hook sees that; it happened nonetheless, and an interceptor that guards against doing it twice needs it.
   */
  onLateResult(listener: (result: LateResult) => void): void {
    this.lateListener = listener;
  }

  /** The handler answered though the call is over. */
  late(result: LateResult): void {
    const listener = this.lateListener;
    if (listener !== undefined && this.life.origin !== 'handler') {
      this.lateListener = undefined;
      listener(result);
    }
    this.handlerSettled();
  }

  /** Calls once when a status is chosen: the call will end this way. At once if it was. */
  onStatusChosen(listener: () => void): void {
    if (this.concluded) listener();
    else (this.onChosen ??= []).push(listener);
  }

  /**
   * Calls once when the handler has returned, thrown or answered, even if that is after the call's end; at once if it
   * has, or if the call was concluded before its handler ran.
   */
  onHandlerSettled(listener: () => void): void {
    if (this.handler === 'settled' || (this.handler === 'idle' && this.concluded)) listener();
    else (this.onSettled ??= []).push(listener);
  }

  /** The innermost pass hands the call to its handler. */
  handlerBegins(): void {
    if (this.handler === 'idle') this.handler = 'running';
  }

  handlerSettled(): void {
    if (this.handler === 'settled') return;
    this.handler = 'settled';
    const { onSettled } = this;
    this.onSettled = undefined;
    onSettled?.forEach((listener) => listener());
  }

  /** The handler has given everything: the call ends with OK when the client has taken it. */
  handlerDone(): void {
    this.handlerSettled();
    this.life.answered();
  }

  statusChosen(): void {
    const { onChosen } = this;
    this.onChosen = undefined;
    onChosen?.forEach((listener) => listener());
    if (this.handler === 'idle') this.handlerSettled();
  }
}
