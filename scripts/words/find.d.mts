export declare function findWords(text: string): { line: number; word: string; instead: string }[];
