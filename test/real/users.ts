/** Users of the main who make, change and rename files on its own disk, and remember every version that there ever was. */
import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { ALICE, type World } from './mirror-world.ts';

const BIG_BYTES = 2_500_000;
const FOLDERS = 9;

function digest(content: Buffer): string {
  return crypto.createHash('sha256').update(content).digest('hex');
}

/** On the main, with its folders made. Nothing but the file itself is touched: a new owner would be a change of every file. */
function place(world: World, file: string): string {
  const at = world.main(file);
  const made = fs.mkdirSync(path.dirname(at), { recursive: true });
  if (made !== undefined)
    for (let each = path.dirname(at); each.length >= made.length; each = path.dirname(each))
      fs.chownSync(each, ALICE.uid, ALICE.gid);
  return at;
}

/** What users do, and what they ever had. */
export class Users {
  /** Path to the digests of all its versions. */
  readonly ever = new Map<string, Set<string>>();
  readonly #now = new Map<string, string>();
  readonly #world: World;
  readonly #chance: () => number;
  #made = 0;

  constructor(world: World, chance: () => number) {
    this.#world = world;
    this.#chance = chance;
  }

  get count(): number {
    return this.#now.size;
  }

  /** Whether a copy is the present version of a file. */
  has(file: string, copy: string): boolean {
    return fs.existsSync(copy) && this.#now.get(file) === digest(fs.readFileSync(copy));
  }

  #note(file: string, what: string): void {
    this.#now.set(file, what);
    const known = this.ever.get(file);
    if (known === undefined) this.ever.set(file, new Set([what]));
    else known.add(what);
  }

  #write(file: string): void {
    const chance = this.#chance();
    const size = chance < 0.02 ? BIG_BYTES : Math.floor(chance * 30_000);
    const content = crypto.randomBytes(size);
    const at = place(this.#world, file);
    fs.writeFileSync(at, content);
    fs.chownSync(at, ALICE.uid, ALICE.gid);
    this.#note(file, digest(content));
  }

  /** One more file. */
  add(): string {
    this.#made += 1;
    const file = `late/file ${this.#made}`;
    this.#write(file);
    return file;
  }

  /** Some new files, some changed ones, some renamed ones. Returns all that are not what they were. */
  work(files: number): Set<string> {
    const touched = new Set<string>();
    const known = [...this.#now.keys()];
    for (let n = 0; n < files; n += 1) {
      const old = known[Math.floor(this.#chance() * known.length)];
      const kind = this.#chance();
      this.#made += 1;
      const fresh = `folder ${this.#made % FOLDERS}/sub ${this.#made % 4}/file ${this.#made}`;
      if (old === undefined || !this.#now.has(old) || kind < 0.6) {
        this.#write(fresh);
        touched.add(fresh);
      } else if (kind < 0.9) {
        this.#write(old);
        touched.add(old);
      } else {
        fs.renameSync(place(this.#world, old), place(this.#world, fresh));
        this.#note(fresh, this.#now.get(old) ?? '');
        this.#now.delete(old);
        touched.add(old).add(fresh);
      }
    }
    return touched;
  }
}

/** Path to inode of what users would see. */
export function visible(at: World, users: Users): Map<string, number> {
  const found = new Map<string, number>();
  const root = at.mirror('');
  if (!fs.existsSync(root)) return found;
  for (const entry of fs.readdirSync(root, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || entry.name.startsWith('.~standby-')) continue;
    const full = path.join(entry.parentPath, entry.name);
    const file = path.relative(root, full);
    const content = fs.readFileSync(full);
    if (users.ever.get(file)?.has(digest(content)) !== true)
      throw new Error(`half: ${file} is visible with ${content.length} bytes that the main never had`);
    found.set(file, fs.statSync(full).ino);
  }
  return found;
}
