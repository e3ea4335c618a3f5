/** One engine that mirrors so many files and then passes over them again: its memory and its time. For the benches about growth. */
import path from 'node:path';
import type { Place } from '../smb/run.ts';
import { startMirror } from './engine.ts';

export interface Grown {
  /** MiB of the engine: the most it ever had, and a moment after the second pass. */
  peakMib: number;
  afterMib: number;
  /** Milliseconds of the first pass, which copies, and of the second one, which finds nothing to do. */
  firstMs: number;
  againMs: number;
}

/** Files that one part of a bench has. */
export const PARTS: Readonly<Record<string, number>> = { '1k': 1_000, '10k': 10_000, '100k': 100_000, '1m': 1_000_000 };
/** Those that are run unless told otherwise. */
export const USUAL_PARTS = ['10k', '100k'];
export const FILES_PER_FOLDER = 100;
/** A million files on a slow machine. */
const PASS_LIMIT_MS = 3_600_000;

export async function grow(place: Place, folder: string, files: number): Promise<Grown> {
  const startMs = performance.now();
  const engine = await startMirror(place, path.join(folder, 'mirror'), path.join(folder, 'state'));
  try {
    const first = await engine.passed(PASS_LIMIT_MS);
    const firstMs = performance.now() - startMs;
    if (first.files !== files) throw new Error(`the engine has mirrored ${first.files} files, not ${files}`);
    const againStartMs = performance.now();
    await engine.again();
    await engine.passed(PASS_LIMIT_MS);
    const againMs = performance.now() - againStartMs;
    const { nowMib, peakMib } = engine.memory();
    return { peakMib, afterMib: nowMib, firstMs, againMs };
  } finally {
    await engine.end();
  }
}
