/** Time for each file while the mirror grows: from the first part to the last it must stay within 1.3×. */
import { type Grown, PARTS, USUAL_PARTS } from './mirror/grow.ts';
import { type Growth, measureGrowth } from './mirror/growth.ts';
import { type Figures, figures, type Part, type Report } from './report.ts';

const PROMISED = 1.3;

const KINDS = {
  'first pass': { wall: 'firstMs', cpu: 'firstCpuMs' },
  'pass again': { wall: 'againMs', cpu: 'againCpuMs' },
} as const;

export async function run(rounds: number, wanted: readonly string[] = USUAL_PARTS): Promise<Report> {
  const growth = await measureGrowth(rounds, wanted);
  const parts: Record<string, Part> = {};
  const notes: string[] = [];
  for (const [words, { wall, cpu }] of Object.entries(KINDS)) {
    const wallOf = perFile(growth.parts, wall);
    const cpuOf = perFile(growth.parts, cpu);
    for (const [part, ours] of wallOf) parts[`${words}, ${part}`] = { ours, peers: {} };
    notes.push(
      `${words}: a file of ${wanted.at(-1)} takes ${ratio(wallOf)} the time of one of ${wanted[0]}, and ${ratio(cpuOf)} the processor time of engine and smbd (${[...cpuOf].map(([part, { median }]) => `${part} ${median.toFixed(0)} µs`).join(', ')}); promised are ${PROMISED}×`,
    );
  }
  return {
    bench: 'mirror-growth',
    unit: 'µs per file',
    better: 'lower',
    parts,
    notes: [
      ...notes,
      'the start of the engine, its log-on and the end of its first pass are part of the time; they weigh most in the smallest part',
      ...growth.notes,
    ],
  };
}

/** Microseconds for each file, by part. */
function perFile(parts: Growth['parts'], of: keyof Grown): Map<string, Figures> {
  return new Map(
    [...parts].map(([part, runs]) => [
      part,
      figures(runs.map((grown) => (grown[of] * 1_000) / (PARTS[part]?.files ?? Number.NaN))),
    ]),
  );
}

function ratio(each: ReadonlyMap<string, Figures>): string {
  const medians = [...each.values()].map(({ median }) => median);
  return `${((medians.at(-1) ?? Number.NaN) / (medians[0] ?? Number.NaN)).toFixed(2)}×`;
}
