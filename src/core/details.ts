// First form; completed together with the codec of google.rpc details.
export type ErrorDetail =
  | { readonly type: 'retryInfo'; readonly retryDelayMs: number }
  | {
      readonly type: 'errorInfo';
      readonly reason: string;
      readonly domain: string;
      readonly metadata: Readonly<Record<string, string>>;
    };
