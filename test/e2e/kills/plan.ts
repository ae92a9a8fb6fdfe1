/** Faults that are done to a grid under load, in an order that a seed gives. */
import { createRandom, type Random } from "../../fixtures/random.ts";

/** Fault that is done to a running grid. All but a stall count as kills. */
export type Fault =
  /** kill -9 of a part, which is started again `down` milliseconds later. */
  | { readonly kind: "kill"; readonly part: string; readonly down: number }
  /** kill -9 of one server process of Postgres, which makes it end all and recover; `which` from 0 to below 1. */
  | { readonly kind: "backend"; readonly which: number }
  /** Connections of the clouds that the database's operator ends: this share of them. */
  | { readonly kind: "terminate"; readonly share: number }
  /** A part that stands still for so many milliseconds and goes on as if nothing had been. */
  | { readonly kind: "stall"; readonly part: string; readonly milliseconds: number };

/** Fault, and the milliseconds that are waited before it. */
export interface PlannedFault {
  readonly after: number;
  readonly fault: Fault;
}

/** Parts of a grid, and how often each kind of fault comes. */
export interface FaultMix {
  readonly parts: readonly { readonly name: string; readonly weight: number }[];
  /** Parts that can stand still. */
  readonly stallable: readonly string[];
  /** Weights beside those of the parts. */
  readonly terminate: number;
  readonly backend: number;
  /** Longest wait between two faults, milliseconds. */
  readonly longestGap: number;
}

/** Share of faults that come right after the one before. */
const BURSTS = 0.25;
/** Chance of a stall before each kill. */
const STALLS = 0.15;

/** Plans `kills` faults. The first ones are one of each kind, in random order; the others are drawn by their weights. */
export function planFaults(seed: number, kills: number, mix: FaultMix): PlannedFault[] {
  const random = createRandom(seed);
  const drawn: (() => Fault)[] = [
    ...mix.parts.map(
      ({ name }) =>
        () =>
          killOf(random, name),
    ),
    ...(mix.terminate > 0 ? [() => terminationOf(random)] : []),
    ...(mix.backend > 0 ? [() => ({ kind: "backend", which: random.next() }) as const] : []),
  ];
  const weights = [
    ...mix.parts.map(({ weight }) => weight),
    ...[mix.terminate, mix.backend].filter((weight) => weight > 0),
  ];
  const first = shuffled(random, drawn).slice(0, kills);
  const plan: PlannedFault[] = [];
  const add = (fault: Fault): void => {
    const isBurst = random.next() < BURSTS;
    plan.push({ after: Math.round(random.next() * (isBurst ? 100 : mix.longestGap)), fault });
  };
  for (let kill = 0; kill < kills; kill++) {
    const isStallDue = kill === Math.floor(first.length / 2) || random.next() < STALLS;
    if (isStallDue && mix.stallable.length > 0) add(stallOf(random, mix.stallable));
    add((first[kill] ?? (drawn[weighted(random, weights)] as () => Fault))());
  }
  return plan;
}

/** A fault in words. */
export function nameOf(fault: Fault): string {
  switch (fault.kind) {
    case "kill":
      return `kill -9 ${fault.part}`;
    case "backend":
      return "kill -9 a server process of postgres";
    case "terminate":
      return "terminate connections";
    case "stall":
      return `stop ${fault.part} for ${fault.milliseconds} ms`;
  }
}

const killOf = (random: Random, part: string): Fault => ({ kind: "kill", part, down: random.integer(1_000) });
const terminationOf = (random: Random): Fault => ({
  kind: "terminate",
  share: random.next() < 0.5 ? 1 : random.next(),
});
const stallOf = (random: Random, parts: readonly string[]): Fault => ({
  kind: "stall",
  part: random.pick(parts),
  milliseconds: 300 + random.integer(6_000),
});

function shuffled<Item>(random: Random, items: readonly Item[]): Item[] {
  const left = [...items];
  return items.map(() => left.splice(random.integer(left.length), 1)[0] as Item);
}

/** Draws a position by weights. */
function weighted(random: Random, weights: readonly number[]): number {
  let rest = random.next() * weights.reduce((sum, weight) => sum + weight, 0);
  for (const [position, weight] of weights.entries()) {
    rest -= weight;
    if (rest < 0) return position;
  }
  return weights.length - 1;
}
