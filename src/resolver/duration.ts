/** A duration in the form that grpc-js reads right wherever it takes an object. */
export interface Duration {
  readonly seconds: number;
  readonly nanos: number;
}

export function durationOf(ms: number): Duration {
  const seconds = Math.floor(ms / 1_000);
  return { seconds, nanos: Math.round((ms - seconds * 1_000) * 1_000_000) };
}

/** A duration as text, `0.1s`, in the form of proto3's JSON: at most nine decimals, never an exponent. */
export function durationText(ms: number): string {
  return `${(ms / 1_000).toFixed(9).replace(/\.?0+$/, '')}s`;
}
