/** How often a property is tried: this often before a change lands, and twenty times as often in the second tier. */
export function runs(short: number): number {
  return process.env['CHECK_TIER'] === 'all' ? 20 * short : short;
}
