/** How documents are damaged, one after the other, until the brake holds a change or all are. */
import { type Chance, documentOf, noise, OFFICE, words } from './documents.fake.ts';
import type { Look } from './look.ts';
import { lookOf, poolChance, type ShareModel, someLook } from './share-model.fake.ts';

const random = (chance: Chance): Look => someLook(chance, 'noise', () => noise(poolChance, 8_000));
const kindOf = (path: string): string => path.slice(path.lastIndexOf('.') + 1);
const hex = (chance: Chance): string => Math.floor(chance() * 0xffff_ffff).toString(16);

/** A document of which some bytes are changed. */
function spoiled(chance: Chance, path: string, how: string, spoil: (content: Buffer) => Buffer): Look {
  const kind = kindOf(path);
  return someLook(chance, `${how} ${kind}`, () => spoil(documentOf(kind, poolChance, 150_000)));
}

function encryptPart(content: Buffer, from: number, to: number): Buffer {
  const out = Buffer.from(content);
  noise(poolChance, Math.max(0, Math.min(to, out.length) - from)).copy(out, from);
  return out;
}

/** Damages one file; false when it was held. */
type Attack = (share: ShareModel, chance: Chance, path: string) => boolean;

const attack = { attack: true };

/** Caught: 5 % at most are damaged. */
export const CAUGHT: Record<string, Attack> = {
  'in place, name and size kept': (share, chance, path) => share.write(path, random(chance), attack),
  'in place, then renamed': (share, chance, path) =>
    share.write(path, random(chance), attack) && share.rename(path, `${path}.locked`),
  'renamed, then in place': (share, chance, path) =>
    share.rename(path, `${path}.lockbit`) && share.write(`${path}.lockbit`, random(chance), attack),
  'a new file, the old one deleted': (share, chance, path) =>
    share.write(`${path}.id-7.[mail].enc`, random(chance)) && share.remove(path, attack),
  'a new file of the same stem, the old one deleted': (share, chance, path) =>
    share.write(`${path.slice(0, path.lastIndexOf('.'))}.crypt`, random(chance)) && share.remove(path, attack),
  'the old one deleted, a new file of the same name': (share, chance, path) =>
    share.remove(path, attack) && share.write(path, random(chance)),
  'random names, the old one deleted': (share, chance, path) =>
    share.write(`${path.slice(0, path.lastIndexOf('/'))}/${hex(chance)}.x7q`, random(chance)) &&
    share.remove(path, attack),
  'one file a minute'(share, chance, path) {
    share.nowMs += 60_000;
    return share.write(path, random(chance), attack);
  },
  'one file in 40 minutes'(share, chance, path) {
    share.nowMs += 40 * 60_000;
    return share.write(path, random(chance), attack);
  },
  'the first 4 KiB only': (share, chance, path) =>
    share.write(
      path,
      spoiled(chance, path, 'head', (content) => encryptPart(content, 0, 4_096)),
      attack,
    ),
  'from the first quarter on': (share, chance, path) =>
    share.write(
      path,
      spoiled(chance, path, 'rest', (content) => encryptPart(content, content.length / 4, content.length)),
      attack,
    ),
  'with openssl and a password': (share, chance, path) =>
    share.write(
      path,
      someLook(chance, 'salted', () => Buffer.concat([Buffer.from('Salted__'), noise(poolChance, 4_000)])),
      attack,
    ),
  'packed into 7z one by one': (share, chance, path) =>
    share.write(
      `${path}.7z`,
      someLook(chance, '7z', () => Buffer.concat([Buffer.from('377abcaf271c', 'hex'), noise(poolChance, 900)])),
    ) && share.remove(path, attack),
  'as base64, the name kept': (share, chance, path) =>
    share.write(
      path,
      someLook(chance, 'base64', () => Buffer.from(noise(poolChance, 6_000).toString('base64'))),
      attack,
    ),
  'every byte turned by one key': (share, chance, path) =>
    share.write(
      path,
      spoiled(chance, path, 'xor', (content) => content.map((byte) => byte ^ 0xa5) as Buffer),
      attack,
    ),
  'overwritten with zeros': (share, chance, path) =>
    share.write(
      path,
      someLook(chance, 'zeros', () => Buffer.alloc(5_000)),
      attack,
    ),
  'cut to nothing': (share, _chance, path) => share.write(path, lookOf(Buffer.alloc(0)), attack),
};

/** Not seen, or seen late: said in docs/decisions/brake.md. */
export const MISSED: Record<string, Attack> = {
  'the middle only, beginning and end kept': (share, chance, path) =>
    share.write(
      path,
      spoiled(chance, path, 'middle', (content) => encryptPart(content, 80_000, content.length - 8_000)),
      attack,
    ),
  'with magic bytes and end mark of the format kept': (share, chance, path) =>
    share.write(
      path,
      someLook(chance, kindOf(path), () => documentOf(kindOf(path), poolChance)),
      attack,
    ),
  'one file in two hours'(share, chance, path) {
    share.nowMs += 120 * 60_000;
    return share.write(path, random(chance), attack);
  },
  'text replaced by other text': (share, chance, path) =>
    !path.endsWith('txt') ||
    share.write(
      path,
      someLook(chance, 'txt', () => words(poolChance, 3_000)),
      attack,
    ),
};

/** The documents of a share of one kind of name, in a random order. */
export function officeOf(share: ShareModel, chance: Chance, files: number): string[] {
  const directories = Math.max(1, Math.floor(files / 25));
  const paths = Array.from(
    { length: files },
    (_, n) => `dept ${n % directories}/file ${n}.${OFFICE[n % OFFICE.length]}`,
  );
  for (const path of paths) share.hold(path, someLook(chance, kindOf(path)));
  return paths
    .map((path) => ({ path, at: chance() }))
    .sort((a, b) => a.at - b.at)
    .map(({ path }) => path);
}

/** Runs an attack over all paths, about three files a second besides what it waits itself. Returns how many files were damaged before it was held. */
export function run(share: ShareModel, chance: Chance, paths: string[], how: Attack): number {
  for (const path of paths) {
    share.nowMs += 300;
    if (!how(share, chance, path)) break;
  }
  return share.damaged;
}
