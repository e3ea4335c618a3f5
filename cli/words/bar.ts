/** A progress bar in plain letters. */

const BAR_WIDTH = 20;

/** `[########............]  41 %`; never 100 % before all is done. `part` is 0 to 1. */
export function progressBar(part: number): string {
  const bounded = Math.min(1, Math.max(0, part));
  const filled = Math.floor(bounded * BAR_WIDTH);
  const percent = Math.floor(bounded * 100);
  return `[${'#'.repeat(filled)}${'.'.repeat(BAR_WIDTH - filled)}] ${String(percent).padStart(3)} %`;
}
