/** Objects with everything that SMB can give them, made over SMB on a real server, and what SMB tells of one: for fidelity.test.ts. */

import { buildDescriptor, fromSddl } from '../../smb/index.ts';
import { parseDescriptor } from '../../smb/security/descriptor.ts';
import type { Stat, Tree } from '../../smb/types.ts';

const FOREIGN = 'S-1-5-21-1004336348-1177238915-682003330';
const KEPT_ATTRIBUTES = 0x37;
/** 1902-01-01, 1969-12-31, 2000-01-01, 2106-02-08, 2300-01-01 as FILETIME: on both sides of what 32 bits of seconds hold. */
const TIMES = [
  95_302_656_000_000_000n,
  116_444_735_999_999_999n & ~1n,
  125_911_584_000_000_010n,
  159_393_312_000_000_000n,
  220_580_064_000_000_000n,
];
const STREAM_NAMES = [
  'Zone.Identifier',
  'com.apple.metadata',
  'ünïcödé 流',
  'two words',
  '$DATA.x',
  'AFP_Info',
  'a+b=c&d',
];
const EXTENDED_NAMES = ['AUTHOR', 'user.odd', 'Käse', '.LONGNAME', 'X'.repeat(100)];

export interface Made {
  path: string;
  directory: boolean;
}

type Chance = () => number;

/** The same objects for the same chance. The share's root is among them. */
export async function makeObjects(tree: Tree, objects: number, chance: Chance, streamBytes: number): Promise<Made[]> {
  const pick = <T>(list: readonly T[]): T => {
    const one = list[Math.floor(chance() * list.length)];
    if (one === undefined) throw new Error('nothing to choose from');
    return one;
  };
  const made: Made[] = [{ path: '', directory: true }];
  for (let n = 0; n < objects; n += 1) {
    const above = pick(made.filter((each) => each.directory && each.path.split('/').length < 5));
    const name = pick(['Letter', 'Büro', '日本', 'Über alles', 'x']) + n;
    const path = above.path === '' ? name : `${above.path}/${name}`;
    const directory = chance() < 0.3;
    if (directory) await tree.makeDirectory(path);
    else await makeFile(tree, path, chance);
    made.push({ path, directory });
  }
  // From the deepest on: what is made in a directory moves its times, and nothing is made in a read-only one.
  for (const each of [...made].reverse()) await equip(tree, each, chance, pick, streamBytes);
  return made;
}

async function makeFile(tree: Tree, path: string, chance: Chance): Promise<void> {
  if (chance() < 0.1) {
    const file = await tree.open(path, { access: 'read-write', create: 'must-not-exist' });
    await file.setSparse().catch(() => {});
    await file.setEnd(3_000_000);
    await file.write(2_500_000, Buffer.from(`end of ${path}`));
    await file.close();
    return;
  }
  const size = chance() < 0.2 ? 0 : Math.floor(chance() * 9_000);
  await tree.store(path, { size, read: (_offset, length) => Buffer.alloc(length, path) });
}

async function equip(
  tree: Tree,
  { path, directory }: Made,
  chance: Chance,
  pick: <T>(list: readonly T[]) => T,
  streamBytes: number,
): Promise<void> {
  if (path !== '') {
    const streams = new Set(Array.from({ length: Math.floor(chance() * 4) }, () => pick(STREAM_NAMES)));
    for (const stream of streams) {
      const size = chance() < 0.2 ? 0 : Math.floor(chance() ** 3 * streamBytes);
      await tree.store(
        path,
        { size, read: (offset, length) => Buffer.alloc(length, `${stream}${offset}`) },
        {},
        { stream },
      );
    }
    const names = new Set(Array.from({ length: Math.floor(chance() * 3) }, () => pick(EXTENDED_NAMES)));
    const value = (name: string): Buffer => Buffer.alloc(1 + Math.floor(chance() * 300), name);
    await tree.setExtended(
      path,
      [...names].map((name) => ({ name, value: value(name), needed: false })),
    );
    const attributes = (directory ? 0x10 : 0) | (Math.floor(chance() * 16) & 0x7) | (chance() < 0.5 ? 0x20 : 0);
    await tree.setBasic(path, { attributes, created: pick(TIMES), written: pick(TIMES) });
  }
  if (chance() < 0.85) await tree.writeSecurity(path, buildDescriptor(fromSddl(randomRules(chance, pick))));
}

export function randomRules(chance: Chance, pick: <T>(list: readonly T[]) => T): string {
  const who = (): string =>
    pick([
      'WD',
      'AU',
      'SY',
      'BA',
      'CO',
      'BG',
      `${FOREIGN}-${1_000 + Math.floor(chance() * 40)}`,
      'S-1-22-1-4711',
      'S-1-5-32-1234',
    ]);
  const flags = (): string => pick(['', 'OI', 'CI', 'OICI', 'OICIIO', 'OICINP', 'ID', 'OICIID', 'OICIIOID']);
  const right = (): string => pick(['FA', 'FR', 'FX', '0x1301bf', '0x1200a9', '0x10000', '0x2']);
  const rule = (): string => `(${pick(['A', 'A', 'A', 'D'])};${flags()};${right()};;;${who()})`;
  const rules = Array.from({ length: Math.floor(chance() * 7) }, rule).join('');
  return `O:${who()}G:${who()}D:${pick(['', 'P', 'AI', 'PAI'])}${rules}`;
}

/** All that SMB tells of one object, so that two servers can be compared. */
export interface Told {
  security: string;
  streams: Record<string, string>;
  extended: Record<string, string>;
  attributes: number;
  created: bigint;
  written: bigint;
  content: string;
}

export async function tellAll(tree: Tree, { path, directory }: Made): Promise<Told> {
  const stat: Stat = await tree.stat(path);
  const security = await tree.readSecurity(path);
  parseDescriptor(security);
  const listed = await tree.streams(path);
  const streams: Record<string, string> = {};
  for (const { name, size } of listed.streams.sort((a, b) => (a.name < b.name ? -1 : 1)))
    streams[name] = await read(tree, path, size, name);
  const extended = (await tree.extended(path)).map(({ name, value }) => [name, value.toString('hex')] as const);
  return {
    security: security.toString('hex'),
    streams,
    extended: Object.fromEntries(extended.sort(([a], [b]) => (a < b ? -1 : 1))),
    attributes: stat.attributes & KEPT_ATTRIBUTES,
    created: stat.created,
    written: stat.written,
    content: directory ? '' : await read(tree, path, stat.size),
  };
}

async function read(tree: Tree, path: string, size: number, stream?: string): Promise<string> {
  const whole = Buffer.alloc(size);
  const sink = { data: (chunk: Buffer, offset: number): void => void chunk.copy(whole, offset) };
  await tree.fetch(path, size, sink, stream === undefined ? {} : { stream });
  return whole.toString('hex');
}
