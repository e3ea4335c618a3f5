/**
 * Which unfinished files of ours are on the main. A name is written down before the file is made, so that a restore that was
 * cut off is tidied up by the next one: nothing is searched for on the main, and nothing is removed that is not ours.
 */
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { failureOf, isFailure } from '../../base/failure.ts';
import { readIfThere } from '../../base/file.ts';
import type { Tree } from '../../smb/types.ts';
import { join, parentOf } from './beneath.ts';

/** FILE_ATTRIBUTE_NORMAL: with READONLY set a file cannot be removed. */
const NORMAL = 0x80;

export class Temps {
  private readonly file: string;
  private readonly decision: string;
  private fd: number;

  /** Opens the list of this decision; `left` must be called before the first `open`. */
  constructor(statePath: string, decision: string) {
    this.decision = decision;
    this.file = path.join(statePath, 'plans', `${decision}.temps`);
    try {
      this.fd = fs.openSync(this.file, 'a', 0o600);
    } catch (error) {
      throw failureOf(error, 'open', this.file);
    }
  }

  /** Removes what an earlier run left on the main, and begins the list anew. */
  async tidy(treeOf: (share: string) => Promise<Tree>): Promise<void> {
    const open = new Map<string, { share: string; temp: string }>();
    for (const line of (readIfThere(this.file) ?? '').split('\n')) {
      const entry = readEntry(line);
      if (entry === undefined) continue;
      if (entry.state === '+') open.set(`${entry.share}/${entry.temp}`, entry);
      else open.delete(`${entry.share}/${entry.temp}`);
    }
    for (const { share, temp } of open.values()) await removeTemp(await treeOf(share), temp);
    fs.ftruncateSync(this.fd, 0);
  }

  /** The name of the unfinished file for this target, written down; the same each time for the same target. */
  open(share: string, target: string): string {
    const id = createHash('sha256').update(`${this.decision}\0${share}\0${target}`).digest('hex').slice(0, 16);
    // No dot in front: Samba marks names that begin with one as hidden, and the mark would stay with the file.
    const temp = join(parentOf(target), `~standby-${id}.tmp`);
    this.note('+', share, temp);
    return temp;
  }

  /** It has become the target, or was removed. */
  done(share: string, temp: string): void {
    this.note('-', share, temp);
  }

  close(): void {
    fs.closeSync(this.fd);
  }

  private note(state: '+' | '-', share: string, temp: string): void {
    try {
      fs.writeSync(this.fd, `${JSON.stringify([state, share, temp])}\n`);
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
