/** The longest map key that a path shows: a client chooses it. */
const MAX_KEY = 64;

/** A path to a field as `BadRequest` writes it: `items[0].product_id`, `labels["tier 1"]`. */
export function fieldPath(keys: readonly (string | number)[]): string {
  let path = '';
  for (const key of keys) {
    if (typeof key === 'number') path += `[${key}]`;
    else if (!/^[A-Za-z_]\w*$/.test(key)) path += `[${JSON.stringify(key.slice(0, MAX_KEY))}]`;
    else path += path === '' ? key : `.${key}`;
  }
  return path;
}
