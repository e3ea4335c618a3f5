/** A share for tests: a real mirror folder and index in a temporary place, a main in memory, and passes run to their end. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { Tree } from '../../smb/types.ts';
import { silentLog } from '../../test/fakes/log.ts';
import { FakeMain } from '../handback/fake-main.ts';
import { foldCase } from '../handback/local.ts';
import { adoptPlaced } from './adopt.ts';
import { ATTIC_FOLDER, Attic } from './attic.ts';
import type { Outcome } from './content.ts';
import { Excludes } from './excludes.ts';
import { MirrorFolder } from './folder.ts';
import type { Ground } from './ground.ts';
import { IndexStore } from './index-store.ts';
import { openFreeze } from './mark.ts';
import { Moves } from './moves.ts';
import { startPass } from './pass.ts';
import { Problems } from './problems.ts';
import { Space } from './space.ts';
import { Traffic } from './traffic.ts';

export class FakeShare {
  readonly main = new FakeMain();
  readonly folder = fs.mkdtempSync(path.join(os.tmpdir(), 'share-'));
  readonly mirrorPath = path.join(this.folder, 'mirror');
  readonly statePath = path.join(this.folder, 'state');
  readonly outcomes: string[] = [];
  /** What is left out; counts from the next opening on. */
  excludes: string[] = [];
  ground: Ground;
  /** The main's clock; far ahead of what its files say, unless told otherwise. */
  mainMs = (): number => Date.now();
  /** Wraps the tree that a pass sees, to make it lie or fail. */
  disguise: (tree: Tree) => Tree = (tree) => tree;

  constructor() {
    this.ground = this.#open('boot-1');
  }

  #open(bootId: string): Ground {
    const index = new IndexStore(this.statePath, bootId);
    openFreeze(this.mirrorPath, index);
    const owner = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
    const folder = new MirrorFolder(this.mirrorPath, 'docs', owner);
    const attic = new Attic(this.mirrorPath);
    const row = index.share('docs');
    if (row.identity === undefined) index.setIdentity(row.id, { volumeSerial: 7, rootFileId: 1n });
    const monoMs = (): number => performance.now();
    return {
      share: 'docs',
      shareId: row.id,
      rootId: row.root,
      index,
      folder,
      attic,
      problems: new Problems(index),
      excludes: new Excludes(this.excludes),
      space: new Space({ mirrorPath: this.mirrorPath, reserveBytes: 0, attic, monoMs, changed: () => {} }),
      clock: { monoMs, wallMs: () => Date.now() },
      mainMs: () => this.mainMs(),
      moves: new Moves(),
      unstamped: new Set(),
      log: silentLog,
      busy: new Set(),
      placed: { files: 0, bytes: 0 },
      traffic: new Traffic(index, () => Date.now()),
    };
  }

  /** Closes the index and opens it again, as another process would, perhaps after a restart of the machine. */
  restart(bootId = 'boot-1'): void {
    this.#close();
    this.ground = this.#open(bootId);
  }

  /**
   * What kill -9 leaves, opened by the next process: files as they are, the index as it was committed. `meanwhile` is what
   * happens before somebody opens it. Whoever calls it has had no pause since what the kill is to cut off.
   */
  kill({ bootId = 'boot-1', meanwhile = () => {} } = {}): void {
    const wreck = path.join(this.folder, 'wreck');
    fs.cpSync(this.statePath, wreck, { recursive: true });
    this.#close();
    fs.rmSync(this.statePath, { recursive: true });
    fs.renameSync(wreck, this.statePath);
    meanwhile();
    this.ground = this.#open(bootId);
    const { frozenFor } = openFreeze(this.mirrorPath, this.ground.index);
    adoptPlaced(this.ground.index, frozenFor, this.ground.folder, this.ground.shareId);
  }

  /** One pass; throws what it throws. */
  async pass(): Promise<void> {
    const tree = this.disguise(this.main.tree());
    const settled = (job: { path: string }, outcome: Outcome): void => {
      this.outcomes.push(`${outcome.kind} ${job.path}`);
      if (outcome.kind === 'problem') this.ground.problems.add('docs', job.path, outcome.problem, Date.now());
    };
    await startPass(this.ground, tree, new AbortController().signal, settled, () => {}).done;
  }

  at(file: string): string {
    return path.join(this.mirrorPath, 'docs', file);
  }

  /** Renames a folder of the main with everything in it, as a server does. */
  moveFolder(from: string, to: string): void {
    for (const [key, node] of [...this.main.nodes]) {
      if (node.path !== from && !node.path.startsWith(`${from}/`)) continue;
      this.main.nodes.delete(key);
      node.path = `${to}${node.path.slice(from.length)}`;
      this.main.nodes.set(foldCase(node.path), node);
    }
  }

  /** What the attic holds, without the day: path and content. */
  attic(): string[] {
    const root = path.join(this.mirrorPath, ATTIC_FOLDER);
    return fs
      .readdirSync(root, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => {
        const at = path.join(entry.parentPath, entry.name);
        return `${path.relative(root, at).replace(/^[^/]*\//, '')}=${fs.readFileSync(at, 'utf8')}`;
      })
      .sort();
  }

  /** Path and content of each file that is visible in the mirror, directories with a slash. */
  visible(): string[] {
    return fs
      .readdirSync(this.at(''), { recursive: true, withFileTypes: true })
      .map((entry) => {
        const at = path.join(entry.parentPath, entry.name);
        const file = path.relative(this.at(''), at);
        return entry.isDirectory() ? `${file}/` : `${file}=${entry.isFile() ? fs.readFileSync(at, 'utf8') : 'foreign'}`;
      })
      .sort();
  }

  /** The same of the main. */
  wanted(): string[] {
    return [...this.main.nodes.values()]
      .filter((node) => node.path !== '')
      .map((node) => (node.directory ? `${node.path}/` : `${node.path}=${node.content.toString()}`))
      .sort();
  }

  problems(): string[] {
    return this.ground.problems.list(100).map((problem) => `${problem.path}: ${problem.why}`);
  }

  #close(): void {
    this.ground.index.close();
    this.ground.folder.close();
    this.ground.attic.close();
  }

  clear(): void {
    this.#close();
    fs.rmSync(this.folder, { recursive: true, force: true });
  }
}
