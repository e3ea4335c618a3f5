/**
 * Bringing one file of the mirror to the main so that its name there means the old or the new content, whole, at every moment:
 *
 *   nobody in it, as planned? → keep the old → empty temp → access rules → content → verify → nobody in it, as planned? → rename
 *
 * Both looks open the file without sharing it, so that whoever has it open is seen: Samba 4.17 renames over a file that another
 * client has open (measured), and what that client writes afterwards ends nowhere. Between the second look and the rename is one
 * round trip in which somebody could open and write; SMB has no rename that tests, and Windows refuses one over a file that we
 * hold open ourselves. Everything before it is covered, and the content as it was at the look is kept.
 */
import fs from 'node:fs';
import { isFailure, textOf } from '../../base/failure.ts';
import { fileTimeOfNs } from '../../smb/file-time.ts';
import type { BasicInfo, Stat, StoreSource, Tree } from '../../smb/types.ts';
import { type Signature, sameSignature } from '../decide/restore.ts';
import { attributesFor } from './attributes.ts';
import type { LocalMarks } from './base-view.ts';
import { localStatOf, openFileBeneath } from './beneath.ts';
import { aloneOnMain, compareContent, statOnMain } from './compare.ts';
import { isAsExpected, type PlanLine } from './plan-line.ts';
import { withoutReadOnly } from './read-only.ts';
import { carryRules } from './security.ts';
import { removeTemp, type Temps } from './temps.ts';

/** Files up to this size are read back from the main and compared before they get their name. */
const READ_BACK_BYTES = 1_048_576;

/** How one line ended. `open` changed nothing under any name of a user. */
export type Outcome =
  | {
      kind: 'done';
      /** What main and mirror have in common now under the line's path; a folder has no signature. */
      common?: { stat: Stat; local: Signature | undefined };
      /** Done, and something people must hear of. */
      note?: string;
    }
  | { kind: 'open'; why: string };

export interface Put {
  tree: Tree;
  temps: Temps;
  /** The mirror's folder, the file in it, and how it must look. */
  root: string;
  from: string;
  local: Signature;
  marks(file: string): LocalMarks;
  /** The name it gets. */
  target: string;
  /** What is replaced, as the plan expects it; null when the name must be free. */
  replaces: PlanLine['main'];
  /** The main's file whose access rules it takes over; undefined when it takes those of its folder. */
  rulesOf: string | undefined;
  /** Keeps the old content; false when it is not what was expected. */
  keep(): Promise<boolean>;
}

export async function put(job: Put): Promise<Outcome> {
  let fd: number;
  try {
    fd = openFileBeneath(job.root, job.from);
  } catch (error) {
    return { kind: 'open', why: `it cannot be opened on the standby: ${textOf(error)}` };
  }
  try {
    return await putOpen(job, fd);
  } finally {
    fs.closeSync(fd);
  }
}

async function putOpen(job: Put, fd: number): Promise<Outcome> {
  const { tree, target, replaces } = job;
  if (!isStill(fd, job.local)) return { kind: 'open', why: 'it changed on the standby since the plan' };
  const old = await (replaces === null ? statOnMain : aloneOnMain)(tree, target);
  if (!isAsExpected(replaces, old)) return { kind: 'open', why: 'the main’s changed since the plan' };
  if (old !== undefined && !(await job.keep())) return { kind: 'open', why: 'the main’s changed since the plan' };

  const info = infoFor(job, fd, old);
  const temp = job.temps.open(tree.share, target);
  let named = false;
  try {
    const note = await store(job, fd, temp, info);
    if (!isStill(fd, job.local)) return { kind: 'open', why: 'it changed on the standby while it was sent' };
    if (job.local.size <= READ_BACK_BYTES && (await compareContent(tree, temp, job.local.size, fd)) !== 'equal')
      return { kind: 'open', why: 'the main gave back other bytes than it was sent' };
    if (!(await nameIt(job, temp))) return { kind: 'open', why: 'the main’s changed while it was sent' };
    named = true;
    job.temps.done(tree.share, temp);
    const stat = await tree.stat(target);
    const mine = stat.size === job.local.size && stat.written === info.written;
    return {
      kind: 'done',
      ...(mine ? { common: { stat, local: job.local } } : {}),
      ...(note === undefined ? {} : { note }),
    };
  } finally {
    if (!named) await tidy(job, temp);
  }
}

/** Gives the finished file its name. False when what has the name now is not what was planned; then nothing was done. */
async function nameIt({ tree, target, replaces }: Put, temp: string): Promise<boolean> {
  if (replaces === null) {
    if ((await statOnMain(tree, target)) !== undefined) return false;
    // A server does not replace then, whatever has come up in the meantime.
    await tree.rename(temp, target, { replace: false });
    return true;
  }
  const now = await aloneOnMain(tree, target);
  if (now === undefined || !isAsExpected(replaces, now)) return false;
  await withoutReadOnly(tree, target, now, () => tree.rename(temp, target, { replace: true }));
  return true;
}

/** Returns what people must hear of the access rules, if anything. */
async function store(job: Put, fd: number, temp: string, info: BasicInfo): Promise<string | undefined> {
  const { tree, rulesOf } = job;
  let note: string | undefined;
  const source: StoreSource = {
    size: job.local.size,
    read: (offset, length) => readAt(fd, offset, length),
  };
  if (rulesOf !== undefined)
    source.begin = async () => {
      note = await carryRules(tree, rulesOf, temp);
    };
  try {
    await tree.store(temp, source, info);
  } catch (error) {
    if (!isFailure(error, 'exists')) throw error;
    // The name is made from this decision and this target: it is what an earlier run of ours left.
    await removeTemp(tree, temp);
    await tree.store(temp, source, info);
  }
  return note;
}

/** Bytes of the file, fewer only at its end. */
function readAt(fd: number, offset: number, length: number): Buffer {
  const buffer = Buffer.allocUnsafe(length);
  let filled = 0;
  while (filled < length) {
    const read = fs.readSync(fd, buffer, filled, length - filled, offset + filled);
    if (read === 0) break;
    filled += read;
  }
  return buffer.subarray(0, filled);
}

/** Times and attributes of the standby's file; the creation time of the one it replaces, whose later life it is. */
function infoFor(job: Put, fd: number, old: Stat | undefined): BasicInfo {
  const marks = job.marks(`/proc/self/fd/${fd}`);
  const created = old?.created ?? marks.created;
  return {
    written: fileTimeOfNs(job.local.mtimeNs),
    attributes: attributesFor(marks, old),
    ...(created === undefined || created === 0n ? {} : { created }),
  };
}

/** What cannot be removed now (the connection is gone) is written down and goes with the next run. */
async function tidy(job: Put, temp: string): Promise<void> {
  try {
    await removeTemp(job.tree, temp);
  } catch {
    return;
  }
  job.temps.done(job.tree.share, temp);
}

function isStill(fd: number, local: Signature): boolean {
  return sameSignature(localStatOf(fs.fstatSync(fd, { bigint: true })).signature, local);
}
