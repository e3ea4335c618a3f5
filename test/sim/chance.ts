/** Seeded luck (mulberry32): the same seed gives the same world. */

export interface Chance {
  /** 0 ≤ x < 1. */
  next(): number;
  /** True with this probability. */
  of(probability: number): boolean;
  /** least ≤ x < most. */
  between(least: number, most: number): number;
  pick<T>(list: readonly [T, ...T[]]): T;
}

export function seeded(seed: number): Chance {
  let a = Math.imul(seed + 1, 0x9e3779b1) >>> 0;
  const next = (): number => {
    a = (a + 0x6d2b79f5) >>> 0;
    let t = Math.imul(a ^ (a >>> 15), a | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
  return {
    next,
    of: (probability) => next() < probability,
    between: (least, most) => least + next() * (most - least),
    pick: (list) => list[Math.floor(next() * list.length)] ?? list[0],
  };
}
