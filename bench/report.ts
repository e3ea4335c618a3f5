/** What a bench prints: one JSON object, the same form for all, medians of several alternating runs. */

export interface Figures {
  median: number;
  min: number;
  max: number;
  runs: number[];
}

export interface Part {
  ours: Figures;
  peers: Record<string, Figures>;
}

export interface Report {
  bench: string;
  unit: string;
  better: 'lower' | 'higher';
  ours?: Figures;
  peers?: Record<string, Figures>;
  /** A bench with several figures has them here, in the place of `ours` and `peers`. */
  parts?: Record<string, Part>;
  notes: string[];
}

export function figures(runs: readonly number[]): Figures {
  const sorted = [...runs].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  const upper = sorted[Math.floor(middle)] ?? Number.NaN;
  const lower = sorted[Math.ceil(middle) - 1] ?? Number.NaN;
  return {
    median: (upper + lower) / 2,
    min: sorted[0] ?? Number.NaN,
    max: sorted.at(-1) ?? Number.NaN,
    runs: [...runs],
  };
}

export function progress(text: string): void {
  process.stderr.write(`${text}\n`);
}
