/** What happens in offices and frightens programs: storms of changes that are work. Each returns when it is over; a trip ends nothing. */
import { type Chance, noise, OFFICE, words } from './documents.fake.ts';
import type { Look } from './look.ts';
import { lookOf, poolChance, type ShareModel, someLook } from './share-model.fake.ts';

const CODE = ['ts', 'js', 'json', 'css', 'html', 'md', 'py', 'java', 'xml', 'yaml', 'sh'] as const;
const PHOTOS = ['jpg', 'jpg', 'jpg', 'png', 'mp4'] as const;

export function pick<T>(chance: Chance, from: readonly T[]): T {
  const one = from[Math.floor(chance() * from.length)];
  if (one === undefined) throw new Error('nothing to pick from');
  return one;
}

/** Between two whole numbers, small ones as often as great ones. */
export function between(chance: Chance, least: number, most: number): number {
  return Math.round(least * (most / least) ** chance());
}

const EMPTY: Look = lookOf(Buffer.alloc(0));
const random = (chance: Chance): Look => someLook(chance, 'noise', () => noise(poolChance, 8_000));
/** Bytes of a program of its own: neither text nor random, and no magic that we know. */
const binary = (chance: Chance): Look =>
  someLook(chance, 'binary', () =>
    Buffer.concat([Buffer.from([1, 0, 7, 3]), words(poolChance, 3_000), Buffer.alloc(900), noise(poolChance, 900)]),
  );
const zlibbed = (chance: Chance): Look =>
  someLook(chance, 'zlib', () => Buffer.concat([Buffer.from([0x78, 0x01]), noise(poolChance, 2_000)]));
const hex = (chance: Chance, digits: number): string =>
  Array.from({ length: digits }, () => '0123456789abcdef'[Math.floor(chance() * 16)]).join('');

/** Some of the share's files of some kinds, at most so many. */
function someFiles(
  share: ShareModel,
  chance: Chance,
  most: number,
  fits: (path: string) => boolean = () => true,
): string[] {
  const found: string[] = [];
  const part = Math.min(1, (2 * most) / Math.max(1, share.files));
  for (const path of share.paths()) if (found.length < most && chance() < part && fits(path)) found.push(path);
  return found;
}

const kindOf = (path: string): string => path.slice(path.lastIndexOf('.') + 1);
const isOffice = (path: string): boolean => (OFFICE as readonly string[]).includes(kindOf(path));

/** A share as it is when the first copy is done. */
export function fill(share: ShareModel, chance: Chance, files: number): void {
  const directories = Math.max(1, Math.floor(files / between(chance, 5, 200)));
  for (let n = 0; n < files; n += 1) {
    const kind = chance() < 0.03 ? 'dat' : pick(chance, OFFICE);
    const look = kind !== 'dat' ? someLook(chance, kind) : chance() < 0.5 ? random(chance) : binary(chance);
    share.hold(`dept ${n % directories}/file ${n}.${kind}`, look);
  }
}

type Storm = (share: ShareModel, chance: Chance) => void;

function spread(share: ShareModel, chance: Chance, seconds: number, acts: number, act: (n: number) => void): void {
  for (let n = 0; n < acts; n += 1) {
    share.nowMs += (2 * chance() * seconds * 1_000) / acts;
    act(n);
  }
}

export const STORMS: Record<string, Storm> = {
  'unzip 20,000 files'(share, chance) {
    const top = `unpacked ${hex(chance, 6)}`;
    spread(share, chance, 120, 20_000, (n) => {
      const draw = chance();
      const at = `${top}/d${n % 300}`;
      if (draw < 0.55) share.write(`${at}/f${n}.${pick(chance, CODE)}`, someLook(chance, 'txt'));
      else if (draw < 0.9) share.write(`${at}/f${n}.${pick(chance, OFFICE)}`, someLook(chance, pick(chance, OFFICE)));
      else if (draw < 0.97) share.write(`${at}/f${n}.bin`, binary(chance));
      else share.write(`${at}/f${n}${chance() < 0.5 ? '.dat' : '.res'}`, random(chance));
    });
  },
  'git checkout of another branch'(share, chance) {
    const top = 'dev/project';
    const files = between(chance, 200, 4_000);
    for (let n = 0; n < files; n += 1)
      share.hold(`${top}/src${n % 40}/f${n}.${CODE[n % CODE.length]}`, someLook(chance, 'txt'));
    spread(share, chance, 8, files, (n) => {
      const path = `${top}/src${n % 40}/f${n}.${CODE[n % CODE.length]}`;
      const draw = chance();
      // Seen between its making and its first bytes.
      if (chance() < 0.02) share.write(path, EMPTY);
      if (draw < 0.6) share.write(path, chance() < 0.005 ? EMPTY : someLook(chance, 'txt'));
      else if (draw < 0.8) share.remove(path);
      else share.write(`${top}/src${n % 40}/new${n}.${pick(chance, CODE)}`, someLook(chance, 'txt'));
      if (chance() < 0.1) share.write(`${top}/.git/objects/${hex(chance, 2)}/${hex(chance, 38)}`, zlibbed(chance));
    });
    share.write(`${top}/.git/index`, binary(chance));
  },
  'move 10,000 files of last year within the share, by copying and deleting'(share, chance) {
    const old = Array.from({ length: 10_000 }, (_, n) => `year 2025/d${n % 80}/f${n}.${pick(chance, OFFICE)}`);
    for (const path of old) share.hold(path, someLook(chance, kindOf(path)));
    spread(share, chance, 900, old.length, (n) => {
      const path = old[n] ?? '';
      const file = share.find(path);
      if (file !== undefined) share.write(`archive/${path}`, file.look, { moved: file });
    });
    if (chance() < 0.5) share.removeTree('year 2025');
    else for (const path of old) share.remove(path);
  },
  'move 10,000 files of last year out of a greater share'(share, chance) {
    const old = Array.from({ length: 10_000 }, (_, n) => `year 2025/d${n % 80}/f${n}.${pick(chance, OFFICE)}`);
    for (const path of old) share.hold(path, someLook(chance, kindOf(path)));
    for (let n = 0; n < 15_000; n += 1) share.hold(`year 2026/d${n % 80}/f${n}.pdf`, someLook(chance, 'pdf'));
    if (chance() < 0.5) share.removeTree('year 2025');
    else spread(share, chance, 1_200, old.length, (n) => share.remove(old[n] ?? ''));
  },
  'a burst of photos'(share, chance) {
    spread(share, chance, 600, between(chance, 200, 5_000), (n) => {
      const kind = pick(chance, PHOTOS);
      share.write(`photos/${hex(chance, 4)}/IMG_${n}.${kind}`, someLook(chance, kind));
      if (chance() < 0.05) share.write(`photos/.dir/._IMG_${n}.${kind}`, binary(chance));
      if (chance() < 0.03) share.write(`photos/Thumbs.db`, someLook(chance, 'doc'));
    });
  },
  'everybody saves office documents'(share, chance) {
    const files = someFiles(share, chance, between(chance, 30, 800), isOffice);
    spread(share, chance, 3_600, files.length, (n) => {
      const path = files[n] ?? '';
      const kind = kindOf(path);
      const directory = path.slice(0, path.lastIndexOf('/'));
      const temp = `${directory}/${hex(chance, 8).toUpperCase()}.tmp`;
      const draw = chance();
      if (draw < 0.6) {
        // As Word does: a new file, and two renames.
        share.write(`${directory}/~$x.${kind}`, binary(chance));
        share.write(temp, someLook(chance, kind));
        share.rename(path, `${temp.slice(0, -4)}b.tmp`);
        share.rename(temp, path);
        share.remove(`${temp.slice(0, -4)}b.tmp`);
        share.remove(`${directory}/~$x.${kind}`);
      } else if (draw < 0.65) {
        // Seen while it is written.
        share.write(path, chance() < 0.5 ? EMPTY : { ...someLook(chance, kind), ended: false });
        share.nowMs += 1_000;
        share.write(path, someLook(chance, kind));
      } else share.write(path, someLook(chance, kind));
    });
  },
  'a build tree is deleted'(share, chance) {
    const top = `dev/app/node_modules`;
    const files = between(chance, 5_000, 40_000);
    const paths = Array.from({ length: files }, (_, n) => `${top}/p${n % 900}/f${n}.${CODE[n % CODE.length]}`);
    for (const path of paths) share.hold(path, someLook(chance, 'txt'));
    if (chance() < 0.5) share.removeTree(top);
    else spread(share, chance, 60, files, (n) => share.remove(paths[n] ?? ''));
    share.removeTree(top);
  },
  'logs are rotated and compressed'(share, chance) {
    const logs = between(chance, 10, 300);
    for (let n = 0; n < logs; n += 1)
      for (const end of ['log', 'log.1', 'log.2.gz'])
        share.hold(`logs/app${n}.${end}`, someLook(chance, end.endsWith('gz') ? 'gz' : 'txt'));
    spread(share, chance, 60, logs, (n) => {
      const log = `logs/app${n}.log`;
      share.remove(`${log}.3.gz`);
      share.rename(`${log}.2.gz`, `${log}.3.gz`);
      share.write(`${log}.1.gz`, someLook(chance, 'gz'));
      share.remove(`${log}.1`);
      share.rename(`${log}.1.gz`, `${log}.2.gz`);
      if (chance() < 0.5) share.rename(log, `${log}.1`);
      else share.write(`${log}.1`, someLook(chance, 'txt'));
      share.write(log, EMPTY);
    });
  },
  'databases are dumped, some of them encrypted'(share, chance) {
    const day = hex(chance, 6);
    spread(share, chance, 1_800, between(chance, 3, 40), (n) => {
      share.write(`dumps/db${n}.bak`, binary(chance));
      share.write(`dumps/db${n}-${day}.sql.gz`, someLook(chance, 'gz'));
      if (chance() < 0.3) {
        share.write(`dumps/db${n}-${day}.sql.gz.gpg`, random(chance));
        share.remove(`dumps/db${n}-${day}.sql.gz`);
      }
    });
  },
  'a folder is zipped and deleted'(share, chance) {
    const files = between(chance, 10, Math.max(11, Math.floor(share.files / 4)));
    for (let n = 0; n < files; n += 1)
      share.hold(`closed case/f${n}.${pick(chance, OFFICE)}`, someLook(chance, pick(chance, OFFICE)));
    share.write('closed case.zip', someLook(chance, 'zip'));
    if (chance() < 0.5) share.removeTree('closed case');
    else
      for (const path of someFiles(share, chance, files, (one) => one.startsWith('closed case/'))) share.remove(path);
  },
  'documents come back from a backup over the present ones'(share, chance) {
    const files = someFiles(share, chance, between(chance, 20, 3_000));
    spread(share, chance, 300, files.length, (n) => {
      const path = files[n] ?? '';
      if (kindOf(path) !== 'dat') share.write(path, someLook(chance, kindOf(path)));
    });
  },
  'profiles with caches are written back when people log off'(share, chance) {
    const old = someFiles(share, chance, 500, (path) => path.startsWith('profiles/'));
    spread(share, chance, 120, between(chance, 100, 3_000), (n) => {
      const at = `profiles/u${n % 20}/Cache/f_${hex(chance, 6)}`;
      const draw = chance();
      if (draw < 0.3) share.write(at, random(chance));
      else if (draw < 0.5) share.write(at, someLook(chance, 'gz'));
      else if (draw < 0.8) share.write(at, someLook(chance, pick(chance, ['jpg', 'png', 'txt'])));
      else share.write(`${at}.dat`, binary(chance));
      if (chance() < 0.2) share.remove(old.pop() ?? '');
    });
  },
  'somebody clears up'(share, chance) {
    const files = someFiles(share, chance, Math.floor(share.files * 0.3 * chance()));
    spread(share, chance, 1_800, files.length, (n) => share.remove(files[n] ?? ''));
  },
  'photos are renamed and converted'(share, chance) {
    const files = someFiles(share, chance, between(chance, 20, 1_000), (path) => kindOf(path) === 'jpg');
    spread(share, chance, 600, files.length, (n) => {
      const path = files[n] ?? '';
      const stem = path.slice(0, path.lastIndexOf('/'));
      if (chance() < 0.5) share.rename(path, `${stem}/Holiday ${hex(chance, 5)}.jpeg`);
      else {
        share.write(`${path.slice(0, -4)}.png`, someLook(chance, 'png'));
        share.remove(path);
      }
    });
  },
  'encrypted containers and their kin'(share, chance) {
    spread(share, chance, 600, between(chance, 2, 200), (n) =>
      share.write(`vault/d/${hex(chance, 30)}.c9r`, n % 9 === 0 ? binary(chance) : random(chance)),
    );
    for (const path of someFiles(share, chance, 100, (one) => kindOf(one) === 'dat')) share.write(path, random(chance));
    // One person encrypts a few letters by hand.
    for (const path of someFiles(share, chance, 3, isOffice)) share.write(`${path}.gpg`, random(chance));
  },
  'programs of their own write their projects'(share, chance) {
    spread(share, chance, 1_800, between(chance, 10, 500), (n) => {
      const at = `cad/p${n % 30}`;
      const look = chance() < 0.3 ? random(chance) : binary(chance);
      share.write(`${at}/model.prj`, look);
      share.rename(`${at}/model.prj`, `${at}/model.bak`);
      share.write(`${at}/model.prj`, look);
      share.write(`${at}/clip${n}.mp4`, someLook(chance, 'mp4'));
    });
  },
};
