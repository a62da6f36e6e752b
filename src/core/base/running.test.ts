import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Running, type Place } from './running.js';

const steps = fc.array(fc.record({ leave: fc.boolean(), which: fc.nat(40) }), { maxLength: 200 });

test('holds what has entered and not left, like a Set, whoever leaves and however often', () => {
  fc.assert(
    fc.property(steps, (list) => {
      const running = new Running<number>();
      const model = new Set<number>();
      const places: Place<number>[] = [];
      list.forEach(({ leave, which }, step) => {
        const place = leave ? places[which % Math.max(places.length, 1)] : undefined;
        if (place !== undefined) {
          running.leave(place);
          model.delete(place.item);
        } else {
          places.push(running.enter(step));
          model.add(step);
        }
        expect(running.size).toBe(model.size);
        expect(new Set(running)).toEqual(model);
      });
    }),
  );
});
