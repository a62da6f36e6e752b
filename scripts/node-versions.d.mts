export const nodeVersions: readonly number[];
export function nodeProgram(major: number): Promise<string | undefined>;
