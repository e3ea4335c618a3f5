/**
 * What outlives a restart of standbyd: the mode and its data, in one small file that is replaced whole. It is saved before the first
 * effect of a change, so that after a crash we know at least as much as we have done.
 */
import fs from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { Failure } from '../base/failure.ts';
import { readIfThere, writeWhole } from '../base/file.ts';
import type { Durable } from './decide/types.ts';

export interface Memory {
  /** Undefined on the first start. Throws a Failure when the file is there and cannot be understood: guessing a mode could take an address. */
  load(): Durable | undefined;
  /** Returns when the disk has it. Throws a Failure when it cannot be written: then nothing may be done on its strength. */
  save(durable: Durable): void;
}

const MEMORY_VERSION = 1;

const decision = z.string().min(1);
const from = z.enum(['syncing', 'standing-by']);

const mode = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('idle') }),
  z.object({ kind: z.literal('syncing') }),
  z.object({ kind: z.literal('standing-by') }),
  z.object({
    kind: z.literal('suspecting'),
    how: z.enum(['refused', 'silent', 'frozen']),
    layer: z.enum(['link', 'arp', 'witness', 'echo', 'negotiate', 'fetch']),
    from,
  }),
  z.object({
    kind: z.literal('taking-over'),
    decision,
    step: z.enum(['stop-mirror', 'freeze', 'open-shares', 'take-address', 'prove-served']),
    why: z.string(),
    forced: z.boolean(),
    startedMs: z.number(),
  }),
  z.object({
    kind: z.literal('undoing'),
    decision,
    step: z.enum(['release-address', 'close-shares', 'thaw', 'start-mirror']),
    why: z.string(),
    from,
  }),
  z.object({ kind: z.literal('active'), decision }),
  z.object({ kind: z.literal('handing-back'), decision, step: z.enum(['close-shares', 'release-address', 'prove-main']) }),
  z.object({ kind: z.literal('handed-back'), decision }),
  z.object({ kind: z.literal('restoring'), decision, step: z.enum(['restore', 'thaw']), planHash: z.string() }),
]);

const memory = z.object({
  version: z.literal(MEMORY_VERSION),
  durable: z.object({
    mode,
    pausedUntilWallMs: z.number().optional(),
    sinceWallMs: z.number(),
    why: z.string(),
  }),
});

export function openMemory(stateFolder: string): Memory {
  const file = path.join(stateFolder, 'memory.json');
  return {
    load() {
      const text = readIfThere(file);
      if (text === undefined) return undefined;
      try {
        const { durable } = memory.parse(JSON.parse(text));
        return { ...durable, pausedUntilWallMs: durable.pausedUntilWallMs };
      } catch (error) {
        throw new Failure({
          code: 'bad-memory',
          doing: 'read what standbyd was doing',
          subject: file,
          what: 'the file cannot be understood',
          hint: 'it was written by another version, or damaged; keep a copy, see that this box does not serve the main’s address, then remove the file',
          cause: error,
        });
      }
    },
    save(durable) {
      fs.mkdirSync(stateFolder, { recursive: true, mode: 0o700 });
      writeWhole(file, `${JSON.stringify({ version: MEMORY_VERSION, durable }, undefined, 2)}\n`);
    },
  };
}
