/**
 * Which unfinished files of ours are on the main. A name is written down before the file is made, so that a restore that was
 * cut off is tidied up by the next one: nothing is searched for on the main, and nothing is removed that is not ours. The list
 * is not flushed to the disk line by line: after a power cut of the standby a file may stay that only its name tells of.
 */
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { failureOf, isFailure } from '../../base/failure.ts';
import { readIfThere } from '../../base/file.ts';
import type { Tree } from '../../smb/types.ts';
import { join, parentOf } from './beneath.ts';
import { isAboutOneObject } from './compare.ts';

/** FILE_ATTRIBUTE_NORMAL: with READONLY set a file cannot be removed. */
const NORMAL = 0x80;

/** An unfinished file that could not be removed from the main. */
export interface Leftover {
  share: string;
  path: string;
  why: string;
}

export class Temps {
  private readonly file: string;
  private readonly decision: string;
  private readonly fd: number;
  /** What the list says, so that it is emptied whenever nothing is unfinished: it stays short in a restore of millions. */
  private readonly unfinished = new Set<string>();

  /** Opens the list of this decision; `tidy` must be called before the first `open`. */
  constructor(statePath: string, decision: string) {
    this.decision = decision;
    this.file = path.join(statePath, 'plans', `${decision}.temps`);
    try {
      this.fd = fs.openSync(this.file, 'a', 0o600);
    } catch (error) {
      throw failureOf(error, 'open', this.file);
    }
  }

  /**
   * Removes what earlier runs left on the main. What somebody holds or the main does not let go stays on the list, for the next
   * run, and is returned: one such file must not keep everything else from being restored.
   */
  async tidy(treeOf: (share: string) => Promise<Tree>): Promise<Leftover[]> {
    const open = new Map<string, { share: string; temp: string }>();
    for (const line of (readIfThere(this.file) ?? '').split('\n')) {
      const entry = readEntry(line);
      if (entry === undefined) continue;
      if (entry.state === '+') open.set(keyOf(entry.share, entry.temp), entry);
      else open.delete(keyOf(entry.share, entry.temp));
    }
    const left: Leftover[] = [];
    for (const { share, temp } of open.values()) {
      try {
        await removeTemp(await treeOf(share), temp);
      } catch (error) {
        if (!isAboutOneObject(error) && !isFailure(error, 'bad-share')) throw error;
        this.unfinished.add(keyOf(share, temp));
        left.push({ share, path: temp, why: `an unfinished file of ours cannot be removed: ${error.what}` });
      }
    }
    if (this.unfinished.size === 0) this.empty();
    return left;
  }

  /** The name of the unfinished file for this target, written down; the same each time for the same target. */
  open(share: string, target: string): string {
    const id = createHash('sha256').update(`${this.decision}\0${share}\0${target}`).digest('hex').slice(0, 16);
    // No dot in front: Samba marks names that begin with one as hidden, and the mark would stay with the file.
    const temp = join(parentOf(target), `~standby-${id}.tmp`);
    this.unfinished.add(keyOf(share, temp));
    this.note('+', share, temp);
    return temp;
  }

  /** It has become the target, or was removed. */
  done(share: string, temp: string): void {
    this.unfinished.delete(keyOf(share, temp));
    if (this.unfinished.size === 0) this.empty();
    else this.note('-', share, temp);
  }

  close(): void {
    fs.closeSync(this.fd);
  }

  private empty(): void {
    try {
      fs.ftruncateSync(this.fd, 0);
    } catch (error) {
      throw failureOf(error, 'empty', this.file);
    }
  }

  private note(state: '+' | '-', share: string, temp: string): void {
    try {
      // On a line of its own also behind one that a full disk or a crash has cut short.
      fs.writeFileSync(this.fd, `\n${JSON.stringify([state, share, temp])}\n`);
    } catch (error) {
      throw failureOf(error, 'write', this.file);
    }
  }
}

/** Removes an unfinished file of ours; that it is gone already is as good. */
export async function removeTemp(tree: Tree, temp: string): Promise<void> {
  try {
    await tree.removeFile(temp);
  } catch (error) {
    if (isFailure(error, 'not-found', 'not-a-directory')) return;
    if (!isFailure(error, 'access-denied', 'nt-status')) throw error;
    await tree.setBasic(temp, { attributes: NORMAL });
    await tree.removeFile(temp);
  }
}

function keyOf(share: string, temp: string): string {
  return `${share}/${temp}`;
}

/** The last line may be cut short by a crash: then the file of that name was not made yet. */
function readEntry(line: string): { state: string; share: string; temp: string } | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (!Array.isArray(value)) return undefined;
  const [state, share, temp]: unknown[] = value;
  if (typeof state !== 'string' || typeof share !== 'string' || typeof temp !== 'string') return undefined;
  return { state, share, temp };
}
