/** Rates over the last seconds, and from them the time left: what people ask of a long copy. */

/** Seconds that a rate looks back. */
const WINDOW_MS = 5_000;
const SAMPLES = 64;

export class Rate {
  #samples: { ms: number; files: number; bytes: number }[] = [];

  /** Notes the running totals; call it about four times a second. */
  note(ms: number, files: number, bytes: number): void {
    this.#samples.push({ ms, files, bytes });
    this.#samples = this.#samples.filter((sample) => ms - sample.ms <= WINDOW_MS).slice(-SAMPLES);
  }

  /** A second each; 0 when idle. */
  get now(): { filesPerSecond: number; bytesPerSecond: number } {
    const first = this.#samples[0];
    const last = this.#samples.at(-1);
    if (first === undefined || last === undefined || last.ms <= first.ms)
      return { filesPerSecond: 0, bytesPerSecond: 0 };
    const seconds = (last.ms - first.ms) / 1_000;
    return {
      filesPerSecond: (last.files - first.files) / seconds,
      bytesPerSecond: (last.bytes - first.bytes) / seconds,
    };
  }
}

export interface LeftToDo {
  /** The walk is done: the figures are the whole. */
  known: boolean;
  files: number;
  bytes: number;
}

/** Milliseconds left at these rates; -1 when not known. Small files are bound by their number, big ones by their bytes. */
export function leftMs(left: LeftToDo, rate: { filesPerSecond: number; bytesPerSecond: number }): number {
  if (!left.known) return -1;
  if (left.files === 0) return 0;
  if (rate.filesPerSecond === 0 && rate.bytesPerSecond === 0) return -1;
  const byFiles = rate.filesPerSecond === 0 ? 0 : left.files / rate.filesPerSecond;
  const byBytes = rate.bytesPerSecond === 0 ? 0 : left.bytes / rate.bytesPerSecond;
  // Both rates come from the same mixture; the truth for the rest lies between them.
  return Math.round(((byFiles + byBytes) / (byFiles === 0 || byBytes === 0 ? 1 : 2)) * 1_000);
}
