/**
 * A main in memory for tests, as honest as the contract: case-insensitive and case-preserving names, ChangeTime that moves
 * with everything, temp and target as separate objects, read-only files that cannot be replaced or removed, files that
 * others hold open, a disk with an end, and a connection that breaks. `before` runs ahead of every request and may change
 * the main (another client) or throw (a fault).
 */
import { Failure } from '../../base/failure.ts';
import type { BasicInfo, Entry, FetchSink, FileTime, Stat, StoreSource, Tree } from '../../smb/types.ts';
import { join, nameOf, parentOf } from './beneath.ts';
import { foldCase } from './local.ts';

interface Node {
  /** As spelled, whole path. */
  path: string;
  directory: boolean;
  content: Buffer;
  created: FileTime;
  written: FileTime;
  changed: FileTime;
  attributes: number;
  owner: string;
  /** Stands for the DACL. */
  rules: string;
  id: bigint;
}

export type Request = keyof Tree;

export class FakeMain {
  readonly nodes = new Map<string, Node>();
  /** Folded paths that another client holds open without sharing anything. */
  readonly held = new Set<string>();
  /** Folded paths that another client has open, sharing reading and writing; Samba renames over them all the same. */
  readonly open = new Set<string>();
  /** Whether our account may give files to others. */
  mayGive = true;
  freeBytes = 1_000_000_000;
  before: (request: Request, path: string) => void = () => {};
  /** Every request with its path, in order. */
  readonly requests: string[] = [];
  private now: FileTime = 133_000_000_000_000_000n;
  private nextId = 2n;

  constructor() {
    this.put('', undefined);
  }

  /** What a client of the main does: content makes a file (new or changed), undefined a folder. */
  write(path: string, content: string | undefined, written?: FileTime): void {
    const node = this.nodes.get(foldCase(path));
    if (node === undefined) {
      if (this.nodes.get(foldCase(parentOf(path)))?.directory === true) this.put(path, content);
    } else if (!node.directory && content !== undefined) {
      node.content = Buffer.from(content);
      node.written = node.changed = this.tick();
    }
    const made = this.nodes.get(foldCase(path));
    if (written !== undefined && made !== undefined) made.written = written;
  }

  /** Removes a file, or a folder with everything in it. */
  erase(path: string): void {
    if (path === '') return;
    const folded = foldCase(path);
    for (const key of [...this.nodes.keys()])
      if (key === folded || key.startsWith(`${folded}/`)) this.nodes.delete(key);
  }

  /** Metadata only. */
  touch(path: string): void {
    const node = this.nodes.get(foldCase(path));
    if (node !== undefined) node.changed = this.tick();
  }

  /** Owner and access rules. */
  own(path: string, owner: string, rules: string): void {
    const node = this.nodes.get(foldCase(path));
    if (node !== undefined) Object.assign(node, { owner, rules });
  }

  ownership(path: string): string {
    const node = this.nodes.get(foldCase(path));
    return node === undefined ? 'nothing' : `${node.owner}: ${node.rules}`;
  }

  textOf(path: string): string | undefined {
    const node = this.nodes.get(foldCase(path));
    return node === undefined || node.directory ? undefined : node.content.toString();
  }

  files(): { path: string; text: string; stat: Stat }[] {
    return [...this.nodes.values()]
      .filter((node) => !node.directory)
      .map((node) => ({ path: node.path, text: node.content.toString(), stat: statOf(node) }));
  }

  statNow(path: string): Stat | undefined {
    const node = this.nodes.get(foldCase(path));
    return node === undefined ? undefined : statOf(node);
  }

  tree(share = 'docs'): Tree {
    const ask = (request: Request, path: string): void => {
      this.requests.push(`${request} ${path}`);
      this.before(request, path);
    };
    const unneeded = (): never => {
      throw fault('not-supported', share);
    };
    return {
      share,
      list: (directory) => {
        ask('list', directory);
        return this.list(directory);
      },
      stat: async (path) => {
        ask('stat', path);
        return statOf(this.must(path));
      },
      fetch: async (path, _sizeHint, sink) => {
        ask('fetch', path);
        return this.fetch(path, sink, () => this.before('fetch', path));
      },
      store: async (path, source, info) => {
        ask('store', path);
        return this.store(path, source, info);
      },
      makeDirectory: async (path) => {
        ask('makeDirectory', path);
        this.mustBeFree(path);
        this.put(path, undefined);
      },
      rename: async (from, to, options) => {
        ask('rename', to);
        this.rename(from, to, options.replace);
      },
      alone: async (path) => {
        ask('alone', path);
        return statOf(this.mustBeAlone(path));
      },
      removeFile: async (path, still) => {
        ask('removeFile', path);
        const node = still === undefined ? this.must(path) : this.mustBeAlone(path);
        if (node.directory) throw fault('is-a-directory', path);
        this.mustAllowDelete(node);
        if (still?.(statOf(node)) === false) throw fault('changed', path);
        this.mustBeReplaceable(node);
        this.nodes.delete(foldCase(path));
      },
      removeDirectory: async (path) => {
        ask('removeDirectory', path);
        if (!this.must(path).directory) throw fault('not-a-directory', path);
        const inside = `${foldCase(path)}/`;
        if ([...this.nodes.keys()].some((key) => key.startsWith(inside))) throw fault('not-empty', path);
        this.nodes.delete(foldCase(path));
      },
      setBasic: async (path, info, still) => {
        ask('setBasic', path);
        const node = still === undefined ? this.must(path) : this.mustBeAlone(path);
        if (still?.(statOf(node)) === false) throw fault('changed', path);
        this.setBasic(node, info);
      },
      readSecurity: async (path) => {
        ask('readSecurity', path);
        const { owner, rules } = this.must(path);
        return descriptorOf(owner, rules);
      },
      writeSecurity: async (path, descriptor) => {
        ask('writeSecurity', path);
        const node = this.must(path);
        const { owner, rules } = partsOf(descriptor);
        if (owner !== '' && owner !== node.owner && !this.mayGive) throw fault('access-denied', path);
        node.owner = owner === '' ? node.owner : owner;
        node.rules = rules;
        node.changed = this.tick();
      },
      watch: async (directory) => {
        throw fault('not-supported', directory);
      },
      space: async () => ({ totalBytes: 1_000_000_000, freeBytes: this.freeBytes }),
      identity: async () => ({ volumeSerial: 7, rootFileId: 1n }),
      fetchRanges: unneeded,
      open: unneeded,
      copy: unneeded,
      fileSystem: unneeded,
      snapshots: unneeded,
      at: unneeded,
      streams: unneeded,
      removeStream: unneeded,
      extended: unneeded,
      setExtended: unneeded,
      reparse: unneeded,
      setReparse: unneeded,
      removeReparse: unneeded,
      link: unneeded,
      linkCount: unneeded,
      canonicalPath: unneeded,
      shortName: unneeded,
      fileId: unneeded,
      disconnect: async () => {},
    };
  }

  private async *list(directory: string): AsyncGenerator<{ entries: Entry[]; refused: string[] }, void, undefined> {
    const inside = [...this.nodes.values()].filter(
      (node) => node.path !== '' && foldCase(parentOf(node.path)) === foldCase(directory),
    );
    const entries = inside.map((node) => ({
      ...statOf(node),
      name: nameOf(node.path),
      fileId: node.id,
      reparseTag: 0,
    }));
    yield await Promise.resolve({ entries, refused: [] });
  }

  /** In two chunks, the later one first, for the contract promises no order. */
  private async fetch(path: string, sink: FetchSink, between: () => void) {
    const node = this.must(path);
    if (node.directory) throw fault('is-a-directory', path);
    if (this.held.has(foldCase(path))) throw fault('sharing-violation', path);
    const before = statOf(node);
    sink.begin?.(before);
    const content = Buffer.from(node.content);
    const half = content.length >> 1;
    if (half < content.length) await sink.data(content.subarray(half), half);
    between();
    if (half > 0) await sink.data(content.subarray(0, half), 0);
    return { before, after: statOf(node), bytes: content.length };
  }

  private async store(path: string, source: StoreSource, info: BasicInfo | undefined): Promise<Stat> {
    this.mustBeFree(path);
    const node = this.put(path, '');
    await source.begin?.();
    for (let at = 0; at < source.size; at += 3) {
      const chunk = await source.read(at, Math.min(3, source.size - at));
      if (this.freeBytes < chunk.length) throw fault('no-space', path);
      this.freeBytes -= chunk.length;
      node.content = Buffer.concat([node.content, chunk]);
      this.before('store', path);
    }
    if (info !== undefined) this.setBasic(node, info);
    return statOf(node);
  }

  private rename(from: string, to: string, replace: boolean): void {
    const node = this.must(from);
    this.mustAllowDelete(node);
    if (from === to) return;
    const target = this.nodes.get(foldCase(to));
    if (target !== undefined && target !== node) {
      if (!replace) throw fault('exists', to);
      if (target.directory) throw fault('access-denied', to);
      this.mustBeReplaceable(target);
    } else if (this.nodes.get(foldCase(parentOf(to)))?.directory !== true) throw fault('not-found', to);
    this.nodes.delete(foldCase(from));
    node.path = target === undefined ? this.spelled(to) : target.path;
    node.changed = this.tick();
    this.nodes.set(foldCase(to), node);
  }

  private mustAllowDelete(node: Node): void {
    const name = foldCase(node.path);
    if (this.held.has(name) || this.open.has(name)) throw fault('sharing-violation', node.path);
  }

  private mustBeReplaceable(node: Node): void {
    if (this.held.has(foldCase(node.path))) throw fault('sharing-violation', node.path);
    if ((node.attributes & 1) !== 0) throw fault('access-denied', node.path);
  }

  private mustBeFree(path: string): void {
    if (this.nodes.has(foldCase(path))) throw fault('exists', path);
    if (this.nodes.get(foldCase(parentOf(path)))?.directory !== true) throw fault('not-found', path);
  }

  private mustBeAlone(path: string): Node {
    const node = this.must(path);
    if (node.directory) throw fault('is-a-directory', path);
    this.mustAllowDelete(node);
    return node;
  }

  private must(path: string): Node {
    const node = this.nodes.get(foldCase(path));
    if (node === undefined) throw fault('not-found', path);
    return node;
  }

  private setBasic(node: Node, info: BasicInfo): void {
    node.created = info.created ?? node.created;
    node.written = info.written ?? node.written;
    node.changed = this.tick();
    node.attributes = info.attributes ?? node.attributes;
  }

  private put(path: string, content: string | undefined): Node {
    const now = this.tick();
    const node: Node = {
      path: this.spelled(path),
      directory: content === undefined,
      content: Buffer.from(content ?? ''),
      created: now,
      written: now,
      changed: now,
      attributes: content === undefined ? 0x10 : 0x20,
      owner: 'us',
      rules: `those of «${parentOf(path)}»`,
      id: this.nextId,
    };
    this.nextId += 1n;
    this.nodes.set(foldCase(path), node);
    return node;
  }

  /** The folder's own spelling, then the name as given. */
  private spelled(path: string): string {
    const above = this.nodes.get(foldCase(parentOf(path)));
    return above === undefined ? path : join(above.path, nameOf(path));
  }

  private tick(): FileTime {
    this.now += 10_000_000n;
    return this.now;
  }
}

/** A security descriptor (MS-DTYP 2.4.6) whose owner and DACL hold these words. */
function descriptorOf(owner: string, rules: string): Buffer {
  const [whose, acl] = [Buffer.from(owner), Buffer.concat([Buffer.alloc(8), Buffer.from(rules)])];
  acl.writeUInt16LE(acl.length, 2);
  const head = Buffer.alloc(20);
  head.writeUInt16LE(0x8004, 2);
  head.writeUInt32LE(20, 4);
  head.writeUInt32LE(20 + whose.length, 16);
  return Buffer.concat([head, whose, acl]);
}

function partsOf(descriptor: Buffer): { owner: string; rules: string } {
  const [owner, acl] = [descriptor.readUInt32LE(4), descriptor.readUInt32LE(16)];
  return {
    owner: owner === 0 ? '' : descriptor.toString('utf8', owner, acl),
    rules: descriptor.toString('utf8', acl + 8, acl + descriptor.readUInt16LE(acl + 2)),
  };
}

function statOf(node: Node): Stat {
  const { directory, attributes, created, written, changed } = node;
  const size = node.content.length;
  return { directory, size, allocatedBytes: size, attributes, created, accessed: written, written, changed };
}

export function fault(code: string, subject: string): Failure {
  return new Failure({ code, doing: 'ask the main', subject, what: code });
}
