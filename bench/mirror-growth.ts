/** Time for each file while the mirror grows: from the first part to the last it must stay within 1.3×. */
import { PARTS, USUAL_PARTS } from './mirror/grow.ts';
import { measureGrowth } from './mirror/growth.ts';
import { type Figures, figures, type Part, type Report } from './report.ts';

const PROMISED = 1.3;

export async function run(rounds: number, wanted: readonly string[] = USUAL_PARTS): Promise<Report> {
  const growth = await measureGrowth(rounds, wanted);
  const parts: Record<string, Part> = {};
  const notes: string[] = [];
  for (const kind of ['firstMs', 'againMs'] as const) {
    const words = kind === 'firstMs' ? 'first pass' : 'pass again';
    const each: Figures[] = [];
    for (const [part, runs] of growth.parts) {
      const ours = figures(runs.map((grown) => (grown[kind] * 1_000) / (PARTS[part]?.files ?? Number.NaN)));
      parts[`${words}, ${part}`] = { ours, peers: {} };
      each.push(ours);
    }
    const ratio = (each.at(-1)?.median ?? Number.NaN) / (each[0]?.median ?? Number.NaN);
    notes.push(
      `${words}: a file of ${wanted.at(-1)} takes ${ratio.toFixed(2)}× the time of one of ${wanted[0]}; ${ratio <= PROMISED ? 'within' : 'BEYOND'} ${PROMISED}×`,
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
