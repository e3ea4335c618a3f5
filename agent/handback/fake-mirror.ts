/** A mirror for tests: a real folder with one share, and an index in memory that is filled as the mirror engine would. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { stampPath } from '../../base/libc.ts';
import { unixNs } from '../../smb/file-time.ts';
import type { Stat } from '../../smb/types.ts';
import type { Signature } from '../decide/restore.ts';
import type { BaseRow, BaseView, LocalMarks } from './base-view.ts';
import { nameOf, parentOf, statBeneath } from './beneath.ts';
import type { FakeMain } from './fake-main.ts';

export class FakeMirror implements BaseView {
  /** Holds the mirror and the state. */
  readonly folder = fs.mkdtempSync(path.join(os.tmpdir(), 'handback-'));
  readonly root = path.join(this.folder, 'mirror');
  readonly statePath = path.join(this.folder, 'state');
  readonly rows = new Map<string, BaseRow>();
  marks: LocalMarks = { attributes: undefined, created: undefined };

  constructor() {
    fs.mkdirSync(this.root);
    fs.mkdirSync(this.statePath);
  }

  /** Copies everything that is on the main, and remembers it as the base. */
  copyAll(main: FakeMain): void {
    const nodes = [...main.nodes.values()].filter((node) => node.path !== '');
    for (const node of nodes.toSorted((a, b) => (a.path < b.path ? -1 : 1))) {
      const at = path.join(this.root, node.path);
      if (node.directory) fs.mkdirSync(at);
      else {
        fs.writeFileSync(at, node.content);
        stampPath(at, { accessedNs: 0n, writtenNs: unixNs(node.written) });
      }
      const stat = main.statNow(node.path);
      if (stat !== undefined) this.learned('docs', node.path, stat, this.signatureOf(node.path));
    }
  }

  /** What a user of the standby does: content makes a file, undefined a folder; nothing where it is not possible. */
  write(relative: string, content: string | undefined): void {
    const at = path.join(this.root, relative);
    const home = parentOf(relative);
    if (home !== '' && this.kindOf(home) !== 'directory') return;
    const there = this.kindOf(relative);
    if (content !== undefined && there !== 'directory') fs.writeFileSync(at, content);
    if (content === undefined && there === undefined) fs.mkdirSync(at);
  }

  erase(relative: string): void {
    if (this.kindOf(relative) !== undefined) fs.rmSync(path.join(this.root, relative), { recursive: true });
  }

  kindOf(relative: string): 'file' | 'directory' | 'other' | undefined {
    return statBeneath(this.root, relative)?.kind;
  }

  files(): { path: string; text: string }[] {
    return filesBelow(this.root);
  }

  /** Everything that was kept, of every decision. */
  kept(): { path: string; text: string }[] {
    return filesBelow(path.join(this.statePath, 'kept'));
  }

  signatureOf(relative: string): Signature | undefined {
    return statBeneath(this.root, relative)?.signature;
  }

  mirrorFolder(): string {
    return this.root;
  }

  *children(_share: string, directory: string): Generator<BaseRow> {
    for (const [at, row] of this.rows) if (parentOf(at) === directory) yield row;
  }

  marksOf(): LocalMarks {
    return this.marks;
  }

  learned(_share: string, at: string, main: Stat, local: Signature | undefined): void {
    const { directory, size, written, changed, attributes } = main;
    const copy = local ?? { size: 0, mtimeNs: 0n, ctimeNs: 0n, ino: 0n };
    this.rows.set(at, { name: nameOf(at), directory, size, written, changed, attributes, local: copy });
  }

  forget(_share: string, at: string): void {
    for (const key of [...this.rows.keys()]) if (key === at || key.startsWith(`${at}/`)) this.rows.delete(key);
  }

  clear(): void {
    fs.rmSync(this.folder, { recursive: true, force: true });
  }
}

function filesBelow(root: string): { path: string; text: string }[] {
  if (!fs.existsSync(root)) return [];
  return fs
    .readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((name) => fs.lstatSync(path.join(root, name)).isFile())
    .map((name) => ({ path: name, text: fs.readFileSync(path.join(root, name), 'utf8') }));
}
