/** A Redis server in a temporary folder. */
export interface RedisServer {
  readonly port: number;
  readonly url: string;
  kill(signal?: NodeJS.Signals): Promise<void>;
  pause(): void;
  resume(): void;
  start(): Promise<void>;
  stop(): Promise<void>;
}
export function findRedis(): string | undefined;
export function startRedis(options?: readonly string[], port?: number): Promise<RedisServer>;
