import type { SecureContextOptions } from 'node:tls';
import { isDeepStrictEqual } from 'node:util';
import { listenerOf, type Listener } from '../core/shared/listeners.js';
import {
  readFiles,
  readFilesNow,
  secureContextOf,
  type FileNames,
  type TlsContents,
  type TlsFiles,
} from './tls-files.js';

/** What became of files that changed. */
export interface TlsReload {
  /** Whether the new files are used from now on, for new connections. */
  readonly ok: boolean;
  /** What is wrong with them, naming the file; what was good before stays in use. */
  readonly error?: Error;
}

/** Options of both TLS credentials. */
export interface TlsReloadOptions {
  /**
   * How often the files are read again, in milliseconds; `Infinity` never.
   * @default 60_000
   */
  readonly reloadIntervalMs?: number;
  /**
   * Told when files that changed were picked up, or could not be: once for each change.
   * @default a process warning when they could not be
   */
  readonly onReload?: (reload: TlsReload) => void;
}

/**
 * The present contents of TLS files. Read once at construction, where a fault throws; a fault that turns up later is
 * reported, and what was good stays. A certificate and key that are written one after the other do not match for a
 * moment: that mends itself with the next reading.
 */
export class TlsReloader {
  /** What to use for new connections. */
  context: SecureContextOptions;
  private contents: TlsContents;
  private lastFault: string | undefined;
  private readAt = performance.now();
  private reading: Promise<boolean> | undefined;
  private readonly tell: Listener<TlsReload>;

  constructor(
    private readonly files: TlsFiles,
    private readonly names: FileNames,
    onReload: (reload: TlsReload) => void = warn,
  ) {
    this.tell = listenerOf(names.owner, 'onReload', onReload)!;
    this.contents = readFilesNow(files, names);
    this.context = secureContextOf(this.contents, files, names);
  }

  /** How long ago the files were last read, in milliseconds. */
  get age(): number {
    return performance.now() - this.readAt;
  }

  /** Reads the files again; answers whether there is a new context. Never rejects; readings do not overlap. */
  reload(): Promise<boolean> {
    this.reading ??= this.readAgain().finally(() => (this.reading = undefined));
    return this.reading;
  }

  private async readAgain(): Promise<boolean> {
    try {
      const contents = await readFiles(this.files, this.names);
      if (isDeepStrictEqual(contents, this.contents)) return this.settle(false);
      this.context = secureContextOf(contents, this.files, this.names);
      this.contents = contents;
      this.tell({ ok: true });
      return this.settle(true);
    } catch (error) {
      // The same fault is found at every reading until somebody mends it.
      const { message } = error as Error;
      if (message !== this.lastFault) this.tell({ ok: false, error: error as Error });
      return this.settle(false, message);
    }
  }

  private settle(renewed: boolean, fault?: string): boolean {
    this.lastFault = fault;
    this.readAt = performance.now();
    return renewed;
  }
}

function warn({ error }: TlsReload): void {
  if (error === undefined) return;
  process.emitWarning(`${error.message}; the files read before stay in use`, { code: 'GRPC_JS_MIDDLEWARE_TLS' });
}
