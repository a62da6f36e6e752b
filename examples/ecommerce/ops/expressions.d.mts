export function read(name: string): string;
export function dashboardExpressions(): string[];
export function metricsIn(text: string): string[];
