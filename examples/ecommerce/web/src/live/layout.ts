import type { Edge, ReplicaState } from '../../../src/gateway/contract.js';

// Where everything stands on the map: customers are a wall on the left, services that ask others stand in the middle, the
// rest on the right. Middle nodes stand between the rows of the right, so that customers reach every node in a straight
// line.

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface Place extends Point {
  readonly replica: ReplicaState;
}

export interface Layout {
  readonly places: readonly Place[];
  readonly height: number;
}

export const WIDTH = 1_000;
export const NODE = { width: 190, height: 50 } as const;
export const WALL = { x: 16, width: 44 } as const;

const CUSTOMER = 'customer';
const MIDDLE = ['orders', 'payments'];
const MIDDLE_X = 395;
const RIGHT_X = WIDTH - NODE.width / 2 - 10;
const ROW = 64;
const GAP = 112;

/** Places every replica. */
export function layoutOf(replicas: readonly ReplicaState[]): Layout {
  const middle = MIDDLE.flatMap((server) => replicas.filter((replica) => replica.server === server));
  const places: Place[] = [];
  let y = NODE.height / 2 + 12;
  let previous = '';
  for (const replica of replicas.filter(({ server }) => !MIDDLE.includes(server))) {
    if (previous !== '') {
      const between = replica.server === previous ? undefined : middle.shift();
      if (between) places.push({ replica: between, x: MIDDLE_X, y: y + GAP / 2 });
      y += between ? GAP : ROW;
    }
    places.push({ replica, x: RIGHT_X, y });
    previous = replica.server;
  }
  return { places, height: y + NODE.height / 2 + 12 };
}

export interface Route {
  readonly edge: Edge;
  readonly path: string;
  readonly label: Point;
}

/** The way of an edge, and where there is room for what it says. */
export function routeOf(edge: Edge, { places }: Layout): Route | undefined {
  const to = find(edge.to, places);
  if (!to) return undefined;
  if (edge.from === CUSTOMER) {
    const y = to.y - 8;
    const start = WALL.x + WALL.width;
    return { edge, path: `M${start} ${y}H${to.x - NODE.width / 2}`, label: { x: start + 105, y: y - 5 } };
  }
  const from = find(edge.from, places);
  if (!from) return undefined;
  if (from.x === to.x) {
    const up = from.y > to.y ? -1 : 1;
    const [start, end] = [from.y + (up * NODE.height) / 2, to.y - (up * NODE.height) / 2];
    return { edge, path: `M${from.x} ${start}V${end}`, label: { x: from.x + 64, y: (start + end) / 2 + 20 } };
  }
  const start = { x: from.x + NODE.width / 2, y: from.y };
  const end = { x: to.x - NODE.width / 2, y: to.y + 9 };
  const bend = (end.x - start.x) / 2;
  return {
    edge,
    path: `M${start.x} ${start.y}C${start.x + bend} ${start.y} ${end.x - bend} ${end.y} ${end.x} ${end.y}`,
    label: from.y < to.y ? { x: start.x + 85, y: start.y + 27 } : { x: end.x - 80, y: end.y + 23 },
  };
}

/** A replica by its name; of a server, where nobody answered, the middle one. */
function find(name: string, places: readonly Place[]): Place | undefined {
  const all = places.filter(({ replica }) => replica.server === name);
  return places.find(({ replica }) => replica.name === name) ?? all[Math.floor(all.length / 2)];
}
