/**
 * What a restore does with one path: three states (base, main, standby) in, one action with its reason out.
 *
 * The base is what main and standby had in common when the standby took over. It tells *who* changed a file, so the
 * clocks of the two machines are never compared. The invariants that the table keeps:
 *  1. What nobody changed here is not touched there.
 *  2. Nothing that changed on the main is replaced or removed: the standby's version is sent beside it.
 *  3. Content that exists only here is always sent, under its name or beside it.
 *  4. A deletion is carried out only on exactly the file that was deleted.
 */

/** Cheap identity of a local copy: whoever writes to a file moves at least ctime. */
export interface Signature {
  size: number;
  mtimeNs: bigint;
  ctimeNs: bigint;
  ino: bigint;
}

/** An object on the main, as a fresh stat tells. */
export interface MainSide {
  /** `other`: a reparse point, which we neither follow nor replace. */
  kind: 'file' | 'directory' | 'other';
  size: number;
  /** LastWriteTime in FILETIME units; 0n is not known. */
  written: bigint;
  /** ChangeTime, moves with metadata too; 0n is not known. */
  changed: bigint;
  /** FILE_ATTRIBUTE_* bits. */
  attributes: number;
}

/** An object in the mirror folder. */
export interface StandbySide {
  /** `other`: a symbolic link, socket … that no SMB user can have made. */
  kind: 'file' | 'directory' | 'other';
  signature: Signature;
  /** FILE_ATTRIBUTE_* bits, undefined when not recorded. */
  attributes: number | undefined;
}

/** The common state at the takeover. */
export interface BaseSide extends MainSide {
  kind: 'file' | 'directory';
  /** Our copy as we had placed it; undefined when there never was one here (locked, refused, not reached). */
  local: Signature | undefined;
}

export interface Question {
  base: BaseSide | undefined;
  main: MainSide | undefined;
  standby: StandbySide | undefined;
  /** Bytes of main and standby: `unreadable` when the main's could not be read to the end. */
  content: 'not-compared' | 'equal' | 'different' | 'unreadable';
}

export type Action =
  /** Not part of the plan. */
  | 'nothing'
  /** Ask again with `content`. */
  | 'compare'
  /** Replace the main's file, which is the base's. */
  | 'send'
  /** The name is free on the main. */
  | 'send-new'
  /** The main still has the folder that became a file here: its name if the folder is gone by then, else beside it. */
  | 'send-for-directory'
  /** Same content, other times or attributes here. */
  | 'stamp'
  | 'make-directory'
  /** A file became a folder here; the main's file is the base's: remove it, then make the folder. */
  | 'make-directory-for-file'
  | 'remove'
  /** Only if it is empty by then. */
  | 'remove-directory'
  /** Both stay: the main's under its name, the standby's file beside it. */
  | 'conflict'
  /** The name is taken by a file on the main: the folder's content goes into a folder beside it. */
  | 'conflict-directory'
  /** Both have the same bytes. */
  | 'equal'
  /** The main's state stands. */
  | 'leave';

export interface Judgement {
  action: Action;
  why: string;
}

/** READONLY, HIDDEN, SYSTEM, ARCHIVE (MS-FSCC 2.6): the attributes that a Samba server keeps, and that users set. */
export const USER_ATTRIBUTES = 0x27;

/** The full table; every case is one line of restore.test.ts. */
export function judge(question: Question): Judgement {
  const { main, standby, content } = question;
  const base = question.base?.local === undefined ? undefined : question.base;
  if (standby === undefined) return base === undefined ? nothing('never here') : judgeDeleted(base, main);
  switch (standby.kind) {
    case 'other':
      return { action: 'leave', why: 'neither a file nor a folder here' };
    case 'directory':
      return judgeDirectory(base, main);
    case 'file':
      return judgeFile(base, main, standby, content);
  }
}

/** What happened to a path on the main since the base. `metadata`: size and written time stand still and ChangeTime moved. */
export function changeOnMain(base: MainSide, main: MainSide): 'same' | 'metadata' | 'changed' {
  if (base.kind !== main.kind) return 'changed';
  if (main.kind === 'directory') return 'same';
  if (base.size !== main.size || base.written !== main.written) return 'changed';
  return base.changed !== 0n && main.changed !== 0n && base.changed !== main.changed ? 'metadata' : 'same';
}

export function sameSignature(one: Signature, other: Signature): boolean {
  return (
    one.size === other.size && one.mtimeNs === other.mtimeNs && one.ctimeNs === other.ctimeNs && one.ino === other.ino
  );
}

function nothing(why: string): Judgement {
  return { action: 'nothing', why };
}

function judgeDeleted(base: BaseSide, main: MainSide | undefined): Judgement {
  if (main === undefined) return nothing('deleted on both');
  if (base.kind === 'directory') {
    if (main.kind === 'directory') return { action: 'remove-directory', why: 'folder deleted on the standby' };
    return { action: 'leave', why: 'folder deleted on the standby, replaced on the main' };
  }
  switch (changeOnMain(base, main)) {
    case 'same':
      return { action: 'remove', why: 'deleted on the standby, unchanged on the main' };
    case 'metadata':
      // Some programs write and put the written time back; ChangeTime is all that tells.
      return { action: 'leave', why: 'deleted on the standby, touched on the main since' };
    case 'changed':
      return { action: 'leave', why: 'deleted on the standby, changed on the main' };
  }
}

function judgeDirectory(base: BaseSide | undefined, main: MainSide | undefined): Judgement {
  if (base?.kind === 'directory') return nothing('folder known to both');
  if (main === undefined) return { action: 'make-directory', why: 'folder made on the standby' };
  if (main.kind === 'directory') return nothing('folder made on both');
  if (base !== undefined && changeOnMain(base, main) === 'same')
    return { action: 'make-directory-for-file', why: 'file became a folder on the standby, unchanged on the main' };
  return { action: 'conflict-directory', why: 'folder made on the standby, a file of that name is on the main' };
}

function judgeFile(
  base: BaseSide | undefined,
  main: MainSide | undefined,
  standby: StandbySide,
  content: Question['content'],
): Judgement {
  const baseFile = base?.kind === 'file' ? base : undefined;
  if (baseFile?.local !== undefined && sameSignature(baseFile.local, standby.signature))
    return nothing('untouched on the standby');
  if (main === undefined) {
    return {
      action: 'send-new',
      why: base === undefined ? 'new on the standby' : 'changed on the standby, deleted on the main',
    };
  }
  switch (main.kind) {
    case 'other':
      return { action: 'conflict', why: 'changed on the standby, a link of that name is on the main' };
    case 'directory':
      if (base?.kind === 'directory')
        return { action: 'send-for-directory', why: 'folder became a file on the standby' };
      return { action: 'conflict', why: 'changed on the standby, a folder of that name is on the main' };
    case 'file':
      return judgeTwoFiles(baseFile, main, standby, content);
  }
}

function judgeTwoFiles(
  base: BaseSide | undefined,
  main: MainSide,
  standby: StandbySide,
  content: Question['content'],
): Judgement {
  const known = main.size === standby.signature.size ? content : 'different';
  const onMain = base === undefined ? 'changed' : changeOnMain(base, main);
  switch (known) {
    case 'not-compared':
      return { action: 'compare', why: 'same size on both' };
    case 'equal':
      if (base !== undefined && onMain === 'same' && stampedHere(base, standby))
        return { action: 'stamp', why: 'times or attributes changed on the standby' };
      return { action: 'equal', why: 'same content on both' };
    case 'different':
    case 'unreadable':
      switch (onMain) {
        case 'same':
          return { action: 'send', why: 'changed on the standby, unchanged on the main' };
        case 'metadata':
          return { action: 'conflict', why: 'changed on the standby, touched on the main since' };
        case 'changed':
          return { action: 'conflict', why: base === undefined ? 'new on both' : 'changed on both' };
      }
  }
}

function stampedHere(base: BaseSide, standby: StandbySide): boolean {
  const timeMoved = base.local !== undefined && base.local.mtimeNs !== standby.signature.mtimeNs;
  return (
    timeMoved || (standby.attributes !== undefined && ((standby.attributes ^ base.attributes) & USER_ATTRIBUTES) !== 0)
  );
}
