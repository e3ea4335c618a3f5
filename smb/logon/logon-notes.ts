/**
 * Where the notes about log-ons are: in a folder that all processes of the account know, one file for each writer, so that nobody
 * writes over another's. The notes hold no secrets. They outlive a process, not the machine: nothing waits for a disk here.
 */
import fs from 'node:fs';
import path from 'node:path';
import type { Note } from './lock-out.ts';

export interface Notes {
  /** Everybody's, in no order. */
  all(): Note[];
  add(note: Note): void;
  /** Takes back a note of this writer's, the very object that was added; nothing when it is gone already. */
  drop(note: Note): void;
}

/** Of one writer; more than a lock-out needs to be judged. */
const KEPT = 16;
/** A command that a person runs is a writer of its own, with the number of its process. */
const FILE = /^logons-[a-z]+(?:-\d+)?\.json$/;

/** Notes that nobody else sees. */
export function ownNotes(): Notes {
  const notes: Note[] = [];
  return {
    all: () => [...notes],
    add(note) {
      notes.push(note);
      notes.splice(0, notes.length - KEPT);
    },
    drop: (note) => forget(notes, note),
  };
}

/**
 * Shared notes. A file that cannot be read or understood is passed over, and one that cannot be written leaves the note to this
 * process alone: then each counts for itself. A writer that has nothing to say any more has no file.
 * @param writer small letters, with `-` and a number where there are several of a kind; unique among those who write into this folder
 */
export function sharedNotes(folder: string, writer: string): Notes {
  const file = `logons-${writer}.json`;
  const own = read(path.join(folder, file));
  const write = (): void => {
    try {
      replace(path.join(folder, file), own);
    } catch {
      // Kept in memory.
    }
  };
  return {
    all: () => [...own, ...names(folder).flatMap((name) => (name === file ? [] : read(path.join(folder, name))))],
    add(note) {
      own.push(note);
      own.splice(0, own.length - KEPT);
      write();
    },
    drop(note) {
      forget(own, note);
      write();
    },
  };
}

/** Removes the notes of commands that ended long ago, so that they do not grow in number. Nothing when the folder is not ours. */
export function clearNotes(folder: string, nowMs: number, olderThanMs: number): void {
  for (const name of names(folder).filter((each) => /-\d+\.json$/.test(each))) {
    const file = path.join(folder, name);
    try {
      if (Math.abs(nowMs - fs.statSync(file).mtimeMs) > olderThanMs) fs.rmSync(file);
    } catch {
      // Another one has just done it, or we may not.
    }
  }
}

/** Changes with every writing of the file that holds a password, and tells nothing about the password. */
export function generationOf(file: string): string {
  const stat = fs.statSync(file, { bigint: true, throwIfNoEntry: false });
  return `${stat?.ino ?? 0}-${stat?.mtimeNs ?? 0}`;
}

function forget(notes: Note[], note: Note): void {
  const at = notes.indexOf(note);
  if (at >= 0) notes.splice(at, 1);
}

/** Whole or not at all for whoever reads meanwhile. */
function replace(file: string, notes: readonly Note[]): void {
  if (notes.length === 0) {
    fs.rmSync(file, { force: true });
    return;
  }
  const temp = `${file}.new`;
  fs.rmSync(temp, { force: true });
  fs.writeFileSync(temp, `${JSON.stringify(notes)}\n`, { mode: 0o600, flag: 'wx' });
  fs.renameSync(temp, file);
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
  if (value.kind === 'accepted' || value.kind === 'unanswered') return has('account') && has('generation');
  return value.kind === 'refused' && ['account', 'generation', 'code', 'what'].every(has);
}
