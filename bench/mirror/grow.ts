/** One engine that mirrors so many files and then passes over them again: its memory and its time. For the benches about growth. */
import path from 'node:path';
import { processorMs } from '../cpu.ts';
import type { Place } from '../smb/run.ts';
import { startMirror } from './engine.ts';

export interface Grown {
  /** MiB of the engine: the most it ever had, and a moment after the second pass. */
  peakMib: number;
  afterMib: number;
  /** Milliseconds of the first pass, which copies, and of the second one, which finds nothing to do. */
  firstMs: number;
  againMs: number;
  /** Milliseconds of processor time in each, of the engine and the server together. */
  firstCpuMs: number;
  againCpuMs: number;
}

/** What one part of a bench has. */
export const PARTS: Readonly<Record<string, { files: number; perFolder: number }>> = {
  '1k': { files: 1_000, perFolder: 100 },
  '10k': { files: 10_000, perFolder: 100 },
  '100k': { files: 100_000, perFolder: 100 },
  // Folders that come in many answers, four at a time.
  '100k-wide': { files: 100_000, perFolder: 25_000 },
  '1m': { files: 1_000_000, perFolder: 100 },
};
/** Those that are run unless told otherwise. */
export const USUAL_PARTS = ['10k', '100k'];
/** A million files on a slow machine. */
const PASS_LIMIT_MS = 3_600_000;

/** @param serverPids processes of the server, which serves nobody else meanwhile */
export async function grow(
  place: Place,
  folder: string,
  files: number,
  serverPids: () => readonly number[],
): Promise<Grown> {
  const serverBeforeMs = processorMs(serverPids());
  const startMs = performance.now();
  const engine = await startMirror(place, path.join(folder, 'mirror'), path.join(folder, 'state'));
  try {
    const first = await engine.passed(PASS_LIMIT_MS);
    const firstMs = performance.now() - startMs;
    if (first.files !== files) throw new Error(`the engine has mirrored ${first.files} files, not ${files}`);
    const cpuMs = (): number => processorMs([engine.pid, ...serverPids()]) - serverBeforeMs;
    const firstCpuMs = cpuMs();
    const againStartMs = performance.now();
    await engine.again();
    await engine.passed(PASS_LIMIT_MS);
    const againMs = performance.now() - againStartMs;
    const againCpuMs = cpuMs() - firstCpuMs;
    const { nowMib, peakMib } = engine.memory();
    return { peakMib, afterMib: nowMib, firstMs, againMs, firstCpuMs, againCpuMs };
  } finally {
    await engine.end();
  }
}
