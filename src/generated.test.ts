import { readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';

const gen = join(import.meta.dirname, 'gen');
const files = readdirSync(gen, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.ts'));
const importsOf = (file: string): string[] =>
  [...readFileSync(join(gen, file), 'utf8').matchAll(/from "([^"]+)"/g)].map(([, specifier]) => specifier!);

describe('generated code', () => {
  test.each(files)('%s needs the wire runtime only, behind our types, and grpc-js where it has a service', (file) => {
    const outside = importsOf(file)
      .map((specifier) => (specifier.startsWith('.') ? join(dirname(file), specifier) : specifier))
      .filter((specifier) => !files.includes(specifier.replace(/\.js$/, '.ts')));
    const allowed = file.startsWith('google') ? ['../wire.js'] : ['../wire.js', '@grpc/grpc-js'];
    expect(outside.filter((specifier) => !allowed.includes(specifier))).toEqual([]);
  });

  test('the details of errors bring no service along', () => {
    const google = files.filter((file) => file.startsWith('google'));
    const inside = google.flatMap((file) =>
      importsOf(file)
        .filter((specifier) => specifier.startsWith('.'))
        .map((specifier) => join(dirname(file), specifier)),
    );
    const others = inside.filter((path) => !path.startsWith('google') && path !== '../wire.js');
    expect(google.length).toBeGreaterThan(2);
    expect(others).toEqual([]);
  });
});
