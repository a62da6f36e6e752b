export declare const runtimeNames: readonly string[];
export declare function runtime(
  name: string,
): Promise<{ readonly program: string; readonly args: readonly string[] } | undefined>;
