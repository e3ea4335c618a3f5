/** A mirror on a disk of its own, filled by passes over a real smbd: big files without an engine process around them. */
import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import type { Outcome } from '../../agent/mirror/content.ts';
import { fetchFile } from '../../agent/mirror/fetch.ts';
import { FakeShare } from '../../agent/mirror/ground.fake.ts';
import type { Figures } from '../../agent/mirror/traffic.ts';
import { type Stand, startStand } from '../../smb/scripted/stand.ts';
import type { Tree } from '../../smb/types.ts';
import { type Disk, type DiskKind, makeDisk } from './loop-disks.ts';

export const MIB = 1_048_576;
const HOUR_MS = 3_600_000;

export class BigShare {
  readonly disk: Disk;
  readonly stand: Stand;
  readonly tree: Tree;
  readonly share: FakeShare;

  private constructor(disk: Disk, stand: Stand, tree: Tree, share: FakeShare) {
    this.disk = disk;
    this.stand = stand;
    this.tree = tree;
    this.share = share;
    share.disguise = () => tree;
    // What was written a moment ago may be read at once.
    share.mainMs = () => Date.now() + HOUR_MS;
  }

  static async make(kind: DiskKind, megabytes: number): Promise<BigShare> {
    const disk = await makeDisk(kind, megabytes);
    const stand = await startStand();
    const { tree } = await stand.tree();
    const before = process.env['TMPDIR'];
    process.env['TMPDIR'] = disk.folder;
    try {
      const share = new FakeShare();
      share.ground.index.setIdentity(share.ground.shareId, await tree.identity());
      return new BigShare(disk, stand, tree, share);
    } finally {
      process.env['TMPDIR'] = before;
    }
  }

  main(name: string): string {
    return path.join(this.stand.folder, name);
  }

  mirror(name: string): string {
    return this.share.at(name);
  }

  /** Writes into a file of the main, as a program there does. */
  overwrite(name: string, offset: number, content: Buffer): void {
    const fd = fs.openSync(this.main(name), 'r+');
    fs.writeSync(fd, content, 0, content.length, offset);
    fs.closeSync(fd);
  }

  /** What moved during the work. */
  async moved(work: () => Promise<unknown>): Promise<Figures> {
    const { traffic, shareId } = this.share.ground;
    const before = traffic.of(shareId).ever;
    await work();
    const after = traffic.of(shareId).ever;
    return {
      readBytes: after.readBytes - before.readBytes,
      writtenBytes: after.writtenBytes - before.writtenBytes,
      changedBytes: after.changedBytes - before.changedBytes,
      uncomparedBytes: after.uncomparedBytes - before.uncomparedBytes,
    };
  }

  pass(): Promise<Figures> {
    return this.moved(() => this.share.pass());
  }

  fetch(name: string, tree = this.tree): Promise<Outcome> {
    const { size } = fs.statSync(this.main(name));
    return fetchFile(this.share.ground, tree, { path: name, size, fileId: 0n }, new AbortController().signal);
  }

  /** Paths of what the attic holds. */
  attic(): string[] {
    const root = path.join(this.share.mirrorPath, '.standby-attic');
    return fs
      .readdirSync(root, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => path.join(entry.parentPath, entry.name))
      .sort();
  }

  async close(): Promise<void> {
    this.share.clear();
    await this.stand.stop();
    await this.disk.remove();
  }
}

/** SHA-256 in hex, in pieces. */
export function digest(file: string): string {
  const hash = crypto.createHash('sha256');
  const fd = fs.openSync(file, 'r');
  const piece = Buffer.alloc(4 * MIB);
  for (let got = fs.readSync(fd, piece); got > 0; got = fs.readSync(fd, piece)) hash.update(piece.subarray(0, got));
  fs.closeSync(fd);
  return hash.digest('hex');
}

/** Fills a new file with what no file system can make smaller. */
export function fill(file: string, bytes: number): void {
  const fd = fs.openSync(file, 'w');
  const piece = crypto.randomBytes(4 * MIB);
  for (let at = 0; at < bytes; at += piece.length) {
    piece.writeDoubleLE(at, 0);
    fs.writeSync(fd, piece, 0, Math.min(piece.length, bytes - at), at);
  }
  fs.closeSync(fd);
}

/** Bytes that a file takes on its disk. */
export function allocated(file: string): number {
  return fs.statSync(file).blocks * 512;
}
