import { expect, test } from 'vitest';
import { fieldPath } from './field-path.js';

test.each<[(string | number)[], string]>([
  [[], ''],
  [['email'], 'email'],
  [['items', 0, 'product_id'], 'items[0].product_id'],
  [[3, 'name'], '[3].name'],
  [['labels', 'tier 1'], 'labels["tier 1"]'],
  [['labels', 'a"b', 'x'], 'labels["a\\"b"].x'],
  [['labels', 'k'.repeat(500) + '!'], `labels["${'k'.repeat(64)}"]`],
])('%j', (keys, path) => {
  expect(fieldPath(keys)).toBe(path);
});
