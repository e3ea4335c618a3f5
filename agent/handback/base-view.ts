/**
 * What a restore needs to know of the mirror, and nothing more: the common state as it was frozen at the takeover, where
 * the mirror's files are, and where to write down what main and standby have in common again.
 */
import type { FileTime, Stat } from '../../smb/types.ts';
import type { Signature } from '../decide/restore.ts';

/** One object of the index. */
export interface BaseRow {
  /** One component, as the main spells it and as the mirror's folder holds it. */
  name: string;
  directory: boolean;
  size: number;
  written: FileTime;
  /** ChangeTime when the copy was made or last compared; 0n when the server keeps none. */
  changed: FileTime;
  attributes: number;
  /**
   * The copy as we had placed it. Undefined when there is none (never copied, locked, refused): its absence then means
   * nothing. Of a folder only presence counts.
   */
  local: Signature | undefined;
}

/** What the standby's smbd keeps beside a file. */
export interface LocalMarks {
  attributes: number | undefined;
  created: FileTime | undefined;
}

export interface BaseView {
  /** Absolute path of the folder that holds the mirror of a share. */
  mirrorFolder(share: string): string;
  /** The rows directly in a directory ('' is the root), in any order, each name once; empty when there is no such directory. */
  children(share: string, directory: string): Iterable<BaseRow> | AsyncIterable<BaseRow>;
  /** DOS attributes and creation time of a local object, which may be given as /proc/self/fd/N. */
  marksOf(file: string): LocalMarks;
  /** Main and standby have this in common again: a file with the signature of its copy, a folder without. Durable at the latest when the run ends. */
  learned(share: string, path: string, main: Stat, local: Signature | undefined): void;
  /** We have no valid copy of this path any more: the row and every row below it go, and a later pass copies what the main has. */
  forget(share: string, path: string): void;
}
