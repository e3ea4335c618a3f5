/**
 * The mark file in the mirror's folder, `.standby-mirror`: which index this mirror belongs to, and whether it is frozen.
 * - The mirror's disk is not mounted: the mark is missing, so we do not fill the disk beneath it, and do not take the
 *   empty folder for a mirror whose files somebody deleted.
 * - The index is lost or replaced while users' newer data lie in the mirror: the freeze stands here as well.
 */
import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { Failure, failureOf } from '../../base/failure.ts';
import { readIfThere, writeWhole } from '../../base/file.ts';
import type { IndexStore } from './index-store.ts';

const MARK_FILE = '.standby-mirror';
const mark = z.object({ mirror: z.string(), frozenFor: z.string() });
type Mark = z.infer<typeof mark>;

export interface Freeze {
  /** The decision that the mirror is frozen for; '' when it is not. */
  readonly frozenFor: string;
  /** Throws `frozen` when it is frozen for another decision. On the disk when it returns. */
  freeze(decision: string): void;
  /** Throws `frozen` when it is frozen for another decision. */
  thaw(decision: string): void;
}

/** Joins mirror and index, or throws `mirror-missing` when they do not belong together. */
export function openFreeze(mirrorPath: string, index: IndexStore): Freeze {
  const file = path.join(mirrorPath, MARK_FILE);
  const known = index.meta('mirror');
  const found = readMark(file);
  if (known !== undefined && found?.mirror !== known)
    throw new Failure({
      code: 'mirror-missing',
      doing: 'open mirror',
      subject: mirrorPath,
      what:
        found === undefined
          ? 'the index knows a mirror here, and there is none'
          : 'this is another mirror than the index knows',
      hint: "mount the mirror's disk; if it is lost, move the index away as well and start anew",
    });
  let current: Mark = found ?? { mirror: crypto.randomUUID(), frozenFor: index.meta('frozen') ?? '' };
  if (found === undefined) writeMark(mirrorPath, file, current);
  if (known === undefined) index.setMetaDurably('mirror', current.mirror);
  const frozenFor = (): string => (index.meta('frozen') ?? '') || current.frozenFor;
  const refuseOther = (decision: string): void => {
    const other = frozenFor();
    if (other === '' || other === decision) return;
    throw new Failure({
      code: 'frozen',
      doing: 'freeze or thaw the mirror',
      what: `it is frozen for another takeover (${other})`,
      hint: 'restore what was changed in that one first',
    });
  };
  const write = (value: string): void => {
    current = { ...current, frozenFor: value };
    writeMark(mirrorPath, file, current);
    index.setMetaDurably('frozen', value);
  };
  return {
    get frozenFor() {
      return frozenFor();
    },
    freeze(decision) {
      refuseOther(decision);
      write(decision);
    },
    thaw(decision) {
      refuseOther(decision);
      write('');
    },
  };
}

function readMark(file: string): Mark | undefined {
  const content = readIfThere(file);
  if (content === undefined) return undefined;
  try {
    return mark.parse(JSON.parse(content));
  } catch (error) {
    throw failureOf(error, 'read the mark of the mirror', file);
  }
}

function writeMark(mirrorPath: string, file: string, value: Mark): void {
  fs.mkdirSync(mirrorPath, { recursive: true, mode: 0o755 });
  writeWhole(file, `${JSON.stringify(value)}\n`);
}
