/**
 * Where the notes about log-ons are: in a folder that all processes of the account know, one file for each writer, so that nobody
 * writes over another's. The notes hold no secrets.
 */
import fs from 'node:fs';
import path from 'node:path';
import { writeWhole } from '../../base/file.ts';
import type { Note } from './lock-out.ts';

export interface Notes {
  /** Everybody's, in no order. */
  all(): Note[];
  add(note: Note): void;
}

/** Of one writer; more than a lock-out needs to be judged. */
const KEPT = 16;
const FILE = /^logons-[a-z]+\.json$/;

/** Notes that nobody else sees. */
export function ownNotes(): Notes {
  const notes: Note[] = [];
  return {
    all: () => [...notes],
    add(note) {
      notes.push(note);
      notes.splice(0, notes.length - KEPT);
    },
  };
}

/**
 * Shared notes. A file that cannot be read or understood is passed over, and one that cannot be written leaves the note to this
 * process alone: then each counts for itself.
 * @param writer small letters; unique among those who write into this folder
 */
export function sharedNotes(folder: string, writer: string): Notes {
  const file = `logons-${writer}.json`;
  const own = read(path.join(folder, file));
  return {
    all: () => [...own, ...names(folder).flatMap((name) => (name === file ? [] : read(path.join(folder, name))))],
    add(note) {
      own.push(note);
      own.splice(0, own.length - KEPT);
      try {
        writeWhole(path.join(folder, file), `${JSON.stringify(own)}\n`);
      } catch {
        // Kept in memory.
      }
    },
  };
}

function names(folder: string): string[] {
  try {
    return fs.readdirSync(folder).filter((name) => FILE.test(name));
  } catch {
    return [];
  }
}

function read(file: string): Note[] {
  try {
    const value: unknown = JSON.parse(fs.readFileSync(file, 'utf8'));
    return Array.isArray(value) ? value.filter(isNote).slice(-KEPT) : [];
  } catch {
    return [];
  }
}

function isNote(value: unknown): value is Note {
  if (typeof value !== 'object' || value === null || !('kind' in value) || !('atMs' in value)) return false;
  if (!Number.isFinite(value.atMs)) return false;
  if (value.kind === 'asked') return true;
  const has = (key: string): boolean => key in value && typeof Reflect.get(value, key) === 'string';
  if (value.kind === 'accepted') return has('account') && has('generation');
  return value.kind === 'refused' && ['account', 'generation', 'code', 'what'].every(has);
}
