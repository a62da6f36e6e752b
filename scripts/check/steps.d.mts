export declare const groupNames: string[];
export declare const steps: {
  readonly group: string;
  readonly claim: string;
  readonly command?: string;
  readonly all?: string;
  readonly needs?: string;
}[];
