/** Where something stands among what is running. */
export interface Place<T> {
  readonly item: T;
  /** @internal -1 once it has left. */
  index: number;
}

/**
 * What is running just now, in no order: for whatever comes and goes with each call. Not a Set, since V8 chains the tables
 * that a Set outgrows: once a major collection has found one, all that was ever in it lives until the next.
 */
export class Running<T> implements Iterable<T> {
  private readonly places: Place<T>[] = [];

  get size(): number {
    return this.places.length;
  }

  /** Answers the place to give to {@link leave}. */
  enter(item: T): Place<T> {
    const place = { item, index: this.places.length };
    this.places.push(place);
    return place;
  }

  /** Does nothing the second time. */
  leave(place: Place<T>): void {
    if (place.index < 0) return;
    const last = this.places.pop()!;
    if (last !== place) {
      this.places[place.index] = last;
      last.index = place.index;
    }
    place.index = -1;
  }

  *[Symbol.iterator](): Iterator<T> {
    for (const { item } of this.places) yield item;
  }
}
