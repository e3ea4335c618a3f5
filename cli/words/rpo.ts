/** How far behind the mirror is, and which files somebody holds, for people. */
import type { LagFigures, LockedFile, LockedList, Rpo, ShareRpo } from '../../api/rpo.ts';
import { counted, humanCount, humanDuration, printable } from '../../base/human.ts';
import { safe } from '../screen.ts';
import { moment } from './time.ts';

export function rpoLines({ all, shares }: Rpo): string[] {
  if (shares.length === 0) return ['Nothing is mirrored.'];
  const width = Math.min(30, Math.max(...shares.map(({ share }) => printable(share).length), ALL.length));
  return [
    'From a change on the main to its whole copy here, in the last 24 hours:',
    ...shares.map((share) => `  ${printable(share.share).padEnd(width)}  ${lagWords(share)}`),
    ...(shares.length === 1 ? [] : [`  ${ALL.padEnd(width)}  ${lagWords(all)}`]),
    'If the main ended now, this would be missing:',
    ...shares.map((share) => `  ${printable(share.share).padEnd(width)}  ${missingWords(share)}`),
  ];
}

const ALL = 'all shares';

/** «half within 61 ms, 95 % within 290 ms, all within 4.1 s (812 changes)». */
export function lagWords({ samples, p50Ms, p95Ms, maxMs }: LagFigures): string {
  if (samples === 0) return 'no change was seen';
  return `half within ${humanDuration(p50Ms)}, 95 % within ${humanDuration(p95Ms)}, all within ${humanDuration(maxMs)} (${counted(samples, 'change')})`;
}

function missingWords(share: ShareRpo): string {
  const parts = [
    ...(share.isFollowed ? [] : ['everything since the last look: changes are not told of now']),
    ...(share.pending === 0
      ? []
      : [
          `${counted(share.pending, 'file')} on the way${share.pendingMs === 0 ? '' : ` for ${humanDuration(share.pendingMs)}`}`,
        ]),
    ...(share.locked === 0 ? [] : [`what is new in ${counted(share.locked, 'file')} that somebody holds`]),
    ...(share.skipped === share.locked
      ? []
      : [`${counted(share.skipped - share.locked, 'file')} that could not be copied`]),
  ];
  return parts.length === 0 ? 'nothing that is known' : parts.join('; ');
}

export function lockedLines({ count, files }: LockedList, nowMs: number): string[] {
  if (count === 0) return ['Nobody holds a file that could not be read.'];
  const rest = count > files.length ? ` The ${humanCount(files.length)} held longest are shown.` : '';
  return [
    ...files.map((file) => lockedLine(file, nowMs)),
    `${counted(count, 'file')} could not be read because somebody holds ${count === 1 ? 'it' : 'them'}.${rest}`,
  ];
}

function lockedLine({ share, path, sinceMs, copiedMs, snapshotMs }: LockedFile, nowMs: number): string {
  const held = `held for ${humanDuration(Math.max(0, nowMs - sinceMs))}`;
  return safe`${share}/${path}: ${held}; ${copyWords(copiedMs, snapshotMs, nowMs)}`;
}

function copyWords(copiedMs: number, snapshotMs: number, nowMs: number): string {
  if (copiedMs === 0) return 'never copied';
  if (snapshotMs !== 0) return `the copy is of the main's snapshot of ${moment(snapshotMs)}`;
  return `the last good copy is ${humanDuration(Math.max(0, nowMs - copiedMs))} old`;
}
