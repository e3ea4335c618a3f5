/**
 * The plan's file: a header, then one line for each thing to do, in the order of the tree. Every line says why, and what must
 * still hold when it is carried out. The plan's hash is the SHA-256 of the file's bytes, and the same world gives the same bytes:
 * whoever approves a hash approves exactly these lines.
 */
import { z } from 'zod';
import type { Stat } from '../../smb/types.ts';
import type { MainSide, Signature } from '../decide/restore.ts';
import { sideOf } from './compare.ts';

/**
 * The order of the carrying out: first what is in the way of something that is to come; then what is made and sent; deletions
 * only when everything sent is safe; at last the notes for the base.
 */
export const PHASES = ['clear', 'folders', 'send', 'remove', 'empty-folders', 'notes'] as const;
export type Phase = (typeof PHASES)[number];

const wide = z.string().regex(/^-?\d{1,20}$/);
/** A name on the wire has at most 32,767 units (MS-SMB2 2.2.13). */
const location = z.string().max(32_767);

const expectedLocal = z.strictObject({ size: z.number(), mtimeNs: wide, ctimeNs: wide, ino: wide });
const expectedMain = z.strictObject({
  kind: z.enum(['file', 'directory', 'other']),
  size: z.number(),
  written: wide,
  changed: wide,
});

export const planLine = z.strictObject({
  phase: z.enum(PHASES),
  action: z.enum([
    'send',
    'send-new',
    'send-for-directory',
    'stamp',
    'make-directory',
    'remove',
    'remove-directory',
    'conflict',
    'conflict-directory',
    'equal',
    'leave',
    /** Gives a local object the main's spelling of its name. */
    'respell',
    /** Could not be looked at; stays open. */
    'blocked',
  ]),
  share: z.string().max(255),
  /** On the main. */
  path: location,
  /** In the mirror's folder; '' when nothing of it is there. */
  from: location,
  /** On the main, when the standby's version goes beside `path`; '' when it does not. */
  beside: location,
  why: z.string(),
  /** The local file as it must still be; null when there must be none. */
  local: expectedLocal.nullable(),
  /** What must still be at `path`; null for nothing. */
  main: expectedMain.nullable(),
});
export type PlanLine = z.infer<typeof planLine>;

export const planHeader = z.strictObject({
  plan: z.literal(1),
  decision: z.string(),
  /** What was behind each name (FileFsVolumeInformation, file id of the root). */
  shares: z.array(z.strictObject({ share: z.string(), volumeSerial: z.number(), rootFileId: wide })),
});
export type PlanHeader = z.infer<typeof planHeader>;

/** An id that may be a file's name. */
const DECISION = /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/;

export function isDecision(text: string): boolean {
  return DECISION.test(text);
}

export function writeSignature(signature: Signature | undefined): PlanLine['local'] {
  if (signature === undefined) return null;
  const { size, mtimeNs, ctimeNs, ino } = signature;
  return { size, mtimeNs: String(mtimeNs), ctimeNs: String(ctimeNs), ino: String(ino) };
}

export function readSignature(expected: NonNullable<PlanLine['local']>): Signature {
  const { size, mtimeNs, ctimeNs, ino } = expected;
  return { size, mtimeNs: BigInt(mtimeNs), ctimeNs: BigInt(ctimeNs), ino: BigInt(ino) };
}

export function writeMain(side: MainSide | undefined): PlanLine['main'] {
  if (side === undefined) return null;
  return { kind: side.kind, size: side.size, written: String(side.written), changed: String(side.changed) };
}

/** Whether the main still is as the plan expects. Of a folder only that it is one: its times move with its content. */
export function isAsExpected(expected: PlanLine['main'], stat: Stat | undefined): boolean {
  if (expected === null || stat === undefined) return expected === null && stat === undefined;
  const side = sideOf(stat);
  if (side.kind !== expected.kind) return false;
  if (side.kind === 'directory') return true;
  return (
    side.size === expected.size &&
    String(side.written) === expected.written &&
    String(side.changed) === expected.changed
  );
}
