/** CHANGE_NOTIFY (MS-SMB2 2.2.35) and FILE_NOTIFY_INFORMATION (MS-FSCC 2.7.1). */
import { printable } from '../../base/human.ts';
import { refusedName } from '../name.ts';
import type { ChangeAction } from '../types.ts';
import { badAnswer, rangeOf, textOfBytes, upToNext } from './bytes.ts';
import { COMMAND, chargeFor, type Part } from './header.ts';

const WATCH_TREE = 1;
/** File and folder names, attributes, size, last write, creation, security. */
const FILTER = 0x15f;
const RECORD_BYTES = 12;

const ACTIONS: readonly (ChangeAction | undefined)[] = [
  undefined,
  'added',
  'removed',
  'modified',
  'renamed-from',
  'renamed-to',
  'stream',
  'stream',
  'stream',
  // Of object ids: removed with their file, not carried over, in collision. A place to look at, and no more.
  'modified',
  'modified',
  'modified',
];

export function changeNotifyRequest(fileId: Buffer, recursive: boolean, bufferBytes: number): Part {
  const body = Buffer.alloc(32);
  body.writeUInt16LE(32, 0);
  body.writeUInt16LE(recursive ? WATCH_TREE : 0, 2);
  body.writeUInt32LE(bufferBytes, 4);
  fileId.copy(body, 8);
  body.writeUInt32LE(FILTER, 24);
  return { command: COMMAND.changeNotify, body, charge: chargeFor(bufferBytes) };
}

export interface Changes {
  changes: { action: ChangeAction; path: string }[];
  refused: string[];
}

/** Reads the buffer of an answer; every component of every path is judged by itself. */
export function readChanges(buffer: Buffer): Changes {
  const found: Changes = { changes: [], refused: [] };
  for (let at = 0; ; ) {
    if (buffer.length - at < RECORD_BYTES) throw badAnswer(`a change at ${at} of ${buffer.length} is cut short`);
    const next = buffer.readUInt32LE(at);
    const action = ACTIONS[buffer.readUInt32LE(at + 4)];
    if (action === undefined) throw badAnswer(`a change of the unknown kind ${buffer.readUInt32LE(at + 4)}`);
    const length = buffer.readUInt32LE(at + 8);
    const text = textOfBytes(
      rangeOf(upToNext(buffer, at, next), at + RECORD_BYTES, length, at + RECORD_BYTES, 'a changed name'),
      'a changed name',
    );
    const components = text.split('\\');
    if (components.every((component) => refusedName(component) === undefined))
      found.changes.push({ action, path: components.join('/') });
    else found.refused.push(printable(text));
    if (next === 0) return found;
    if (next < RECORD_BYTES || next % 4 !== 0 || at + next >= buffer.length)
      throw badAnswer(`the change behind ${at} of ${buffer.length} is said to be ${next} bytes away`);
    at += next;
  }
}
