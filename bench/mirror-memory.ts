/** Physical memory of the mirror engine while it mirrors, and passes again over, ever more files: must stay flat. */
import { USUAL_PARTS } from './mirror/grow.ts';
import { measureGrowth } from './mirror/growth.ts';
import { figures, type Part, type Report } from './report.ts';

/** What is promised (MiB). */
const PROMISED_MIB = 200;

export async function run(rounds: number, wanted: readonly string[] = USUAL_PARTS): Promise<Report> {
  const growth = await measureGrowth(rounds, wanted);
  const parts: Record<string, Part> = {};
  const notes: string[] = [];
  for (const [part, runs] of growth.parts) {
    const peak = figures(runs.map(({ peakMib }) => peakMib));
    parts[part] = { ours: peak, peers: {} };
    const after = figures(runs.map(({ afterMib }) => afterMib));
    notes.push(
      `${part}: after the second pass ${after.median.toFixed(0)} MiB; ${peak.max <= PROMISED_MIB ? 'within' : 'BEYOND'} the ${PROMISED_MIB} MiB that are promised`,
    );
  }
  return {
    bench: 'mirror-memory',
    unit: 'MiB',
    better: 'lower',
    parts,
    notes: ['the figure is the highest resident memory of the engine process (VmHWM)', ...notes, ...growth.notes],
  };
}
