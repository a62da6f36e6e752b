import type { Category } from '../api/services.js';
import './product-art.css';

const SIZE = 4;

/** Each tile of a pattern, drawn in a unit square. */
const TILES = [
  'M0 0A1 1 0 0 0 1 1V0Z',
  'M1 0A1 1 0 0 1 0 1V0Z',
  'M0 1A1 1 0 0 1 1 0V1Z',
  'M0 0A1 1 0 0 1 1 1H0Z',
  'M0 0H1L0 1Z',
  'M.5 .12A.38 .38 0 1 1 .49 .12Z',
  'M0 0H1V.5H0Z',
  'M0 0H1V1H0Z',
] as const;

interface ProductArtProps {
  readonly id: number;
  readonly category: Category;
}

/** A pattern in the colours of the category, woven from the product's id: so each product has its own, and keeps it. */
export function ProductArt({ id, category }: ProductArtProps) {
  const next = randomFrom(id);
  const tiles = Array.from({ length: SIZE * SIZE }, (_, index) => {
    const tone = Math.floor(next() * 4);
    const path = TILES[Math.floor(next() * TILES.length)]!;
    return tone === 0 ? null : (
      <path class={`tone-${tone}`} d={path} transform={`translate(${index % SIZE} ${Math.floor(index / SIZE)})`} />
    );
  });
  return (
    <svg
      class={`art ${category.replace('PRODUCT_CATEGORY_', '').toLowerCase()}`}
      viewBox={`0 0 ${SIZE} ${SIZE}`}
      preserveAspectRatio="xMidYMid slice"
      aria-hidden="true"
    >
      {tiles}
    </svg>
  );
}

/** The same numbers from 0 to 1 for the same seed, and different ones for its neighbour (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = Math.imul(seed, 0x9e3779b1);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
