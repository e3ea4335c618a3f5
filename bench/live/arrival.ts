/** Waits until a file on the mirror is the one that was meant, whole, and says when that was. */
import fs from 'node:fs';

/** Between two looks, which cost some microseconds each. */
const LOOK_MS = 1;

/** The moment (performance.now) at which the content was all there; undefined when it was not within the limit. */
export async function arrival(file: string, content: Buffer, limitMs: number): Promise<number | undefined> {
  const untilMs = performance.now() + limitMs;
  let seen = '';
  for (;;) {
    const stat = fs.statSync(file, { throwIfNoEntry: false });
    const sight = stat === undefined ? '' : `${stat.ino} ${stat.mtimeMs} ${stat.ctimeMs} ${stat.size}`;
    if (stat !== undefined && sight !== seen) {
      seen = sight;
      if (stat.size === content.length && fs.readFileSync(file).equals(content)) return performance.now();
    }
    if (performance.now() > untilMs) return undefined;
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

/** The value below which this part of the samples lies (nearest rank); NaN of none. `part` between 0 and 1. */
export function quantile(samples: readonly number[], part: number): number {
  const sorted = [...samples].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(part * sorted.length) - 1)] ?? Number.NaN;
}
