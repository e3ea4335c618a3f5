/**
 * What outlives a restart of standbyd: the mode and its data, in one small file that is replaced whole. It is saved before the first
 * effect of a change, so that after a crash we know at least as much as we have done.
 */
import path from 'node:path';
import { Failure } from '../base/failure.ts';
import { ensureFolder, readIfThere, writeWhole } from '../base/file.ts';
import { durableFrom } from './decide/index.ts';
import type { Durable } from './decide/types.ts';

export interface Memory {
  /** Undefined on the first start. Throws a Failure when the file is there and cannot be understood: guessing a mode could take an address. */
  load(): Durable | undefined;
  /** Returns when the disk has it. Throws a Failure when it cannot be written: then nothing may be done on its strength. */
  save(durable: Durable): void;
}

const MEMORY_VERSION = 1;

/** Everyone may pass through the state folder to what smbd serves from it; its files are root's. */
const STATE_FOLDER_MODE = 0o711;

export function openMemory(stateFolder: string): Memory {
  const file = path.join(stateFolder, 'memory.json');
  return {
    load() {
      const text = readIfThere(file);
      if (text === undefined) return undefined;
      const durable = understood(text);
      if (durable !== undefined) return durable;
      throw new Failure({
        code: 'bad-memory',
        doing: 'read what standbyd was doing',
        subject: file,
        what: 'the file cannot be understood',
        hint: 'it was written by another version, or damaged; see that this box does not serve the main’s address, then move the file away',
      });
    },
    save(durable) {
      ensureFolder(stateFolder, STATE_FOLDER_MODE);
      writeWhole(file, `${JSON.stringify({ version: MEMORY_VERSION, durable }, undefined, 2)}\n`);
    },
  };
}

function understood(text: string): Durable | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null || !('version' in value) || !('durable' in value)) return undefined;
  return value.version === MEMORY_VERSION ? durableFrom(value.durable) : undefined;
}
