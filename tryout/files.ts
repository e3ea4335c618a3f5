/** Plausible files of a small firm, the same at every run: made from a seed, with times spread over the past years. */
import fs from 'node:fs';
import path from 'node:path';

/** A small deterministic generator (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const SHARES = [
  {
    name: 'Office',
    comment: 'Letters, orders and minutes',
    folders: ['Letters', 'Orders', 'Minutes/2025', 'Minutes/2026', 'Templates'],
    files: 240,
    ends: ['docx', 'odt', 'txt', 'pdf'],
  },
  {
    name: 'Projects',
    comment: 'Drawings and calculations',
    folders: ['Brückenbau Nord/Pläne', 'Brückenbau Nord/Fotos', 'Halle 7/Pläne', 'Halle 7/Statik', 'Archiv'],
    files: 160,
    ends: ['dwg', 'xlsx', 'jpg', 'pdf'],
  },
  {
    name: 'Accounts$',
    comment: 'Bookkeeping',
    folders: ['2024', '2025', '2026', '2026/Belege'],
    files: 100,
    ends: ['xlsx', 'csv', 'pdf'],
  },
];

const WORDS = [
  'offer',
  'invoice',
  'plan',
  'minutes',
  'draft',
  'Müller',
  'Østergård',
  'order',
  'list',
  'summary',
  'photo',
  'calculation',
  'contract',
  '見積書',
  'report',
];

/** Fills the main's shares below `folder`; about 500 files and 30 MB. Returns the shares for smbd. */
export function makeFiles(
  folder: string,
  owner: { uid: number; gid: number },
  nowMs: number,
): { name: string; comment: string; path: string }[] {
  const chance = seeded(20_261_121);
  const pick = <T>(list: readonly T[]): T => {
    const found = list[Math.floor(chance() * list.length)];
    if (found === undefined) throw new Error('an empty list has nothing to pick');
    return found;
  };
  return SHARES.map((share) => {
    const root = path.join(folder, share.name);
    for (const sub of share.folders) fs.mkdirSync(path.join(root, sub), { recursive: true });
    fs.mkdirSync(path.join(root, 'Empty for now'), { recursive: true });
    for (let n = 0; n < share.files; n += 1) {
      const name = `${pick(WORDS)} ${pick(WORDS)} ${n}.${pick(share.ends)}`;
      const file = path.join(root, pick(share.folders), name);
      const size =
        n % 40 === 0
          ? 1_000_000 + Math.floor(chance() * 2_000_000)
          : n % 25 === 0
            ? 0
            : 200 + Math.floor(chance() ** 3 * 120_000);
      fs.writeFileSync(file, contentOf(size, n, chance));
      const seconds = nowMs / 1000 - 86_400 - Math.floor(chance() * 3 * 365 * 86_400) + 0.1234567;
      fs.utimesSync(file, seconds, seconds);
    }
    chownAll(root, owner);
    return { name: share.name, comment: share.comment, path: root };
  });
}

function contentOf(size: number, n: number, chance: () => number): Buffer {
  const content = Buffer.alloc(size);
  for (let at = 0; at + 4 <= size; at += 4) content.writeUInt32LE((Math.floor(chance() * 4_294_967_296) ^ n) >>> 0, at);
  return content;
}

function chownAll(root: string, owner: { uid: number; gid: number }): void {
  fs.chownSync(root, owner.uid, owner.gid);
  for (const entry of fs.readdirSync(root, { recursive: true, withFileTypes: true })) {
    fs.lchownSync(path.join(entry.parentPath, entry.name), owner.uid, owner.gid);
  }
}
