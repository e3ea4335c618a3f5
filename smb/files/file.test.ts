/** Operations on one file that others may have open or change meanwhile, and access rules, against a real smbd. */
import fs from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Failure } from '../../base/failure.ts';
import { type Stand, startStand } from '../scripted/stand.ts';
import type { Stat, Tree } from '../types.ts';

let stand: Stand;
let tree: Tree;

beforeAll(async () => {
  stand = await startStand({ share: ['vfs objects = acl_xattr', 'acl_xattr:ignore system acls = yes'] });
  ({ tree } = await stand.tree());
});
afterAll(() => stand.stop());

const CONTENT = Buffer.alloc(1_000, 'content ');
const local = (name: string): string => path.join(stand.folder, name);

async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (error) {
    if (error instanceof Failure) return error.code;
    throw error;
  }
  return 'no failure';
}

describe('a file that others may have open', () => {
  it.each([
    ['writes to it and shares all but deleting', 'open'],
    ['only reads it and shares everything', 'reader'],
  ])('finds out that somebody else %s', async (_remark, how) => {
    fs.writeFileSync(local('alone'), CONTENT);
    expect(await tree.alone('alone')).toMatchObject({ size: 1_000 });
    expect(await codeOf(tree.alone('nobody'))).toBe('not-found');
    expect(await codeOf(tree.alone(''))).toBe('is-a-directory');
    const release = how === 'open' ? await holdAsOther('alone') : await readAsOther('alone');
    expect(await codeOf(tree.alone('alone'))).toBe('sharing-violation');
    expect(await codeOf(tree.removeFile('alone', () => true))).toBe('sharing-violation');
    expect(await codeOf(tree.setBasic('alone', { attributes: 0x2 }, () => true))).toBe('sharing-violation');
    await release();
    expect(await tree.alone('alone')).toMatchObject({ size: 1_000 });
  });

  it('changes and removes a file only while it is what the caller means', async () => {
    fs.writeFileSync(local('meant'), CONTENT);
    const seen: Stat[] = [];
    const never = (now: Stat): boolean => {
      seen.push(now);
      return false;
    };
    expect(await codeOf(tree.setBasic('meant', { written: 5n }, never))).toBe('changed');
    expect(await codeOf(tree.removeFile('meant', never))).toBe('changed');
    expect(seen.map((stat) => stat.size)).toEqual([1_000, 1_000]);
    expect(fs.readFileSync(local('meant')).equals(CONTENT)).toBe(true);
    const written = 130_000_000_000_000_009n;
    await tree.setBasic('meant', { written }, (now) => now.size === 1_000);
    expect(await tree.stat('meant')).toMatchObject({ written });
    await tree.removeFile('meant', (now) => now.written === written);
    expect(fs.existsSync(local('meant'))).toBe(false);
  });

  it('lets nobody in between the look and the removal', async () => {
    fs.writeFileSync(local('guarded'), 'x');
    let meanwhile = '';
    await tree.removeFile('guarded', () => {
      meanwhile = stand.smbclientNow('get guarded -');
      return true;
    });
    expect(meanwhile).toContain('NT_STATUS_SHARING_VIOLATION');
    expect(fs.existsSync(local('guarded'))).toBe(false);
  });

  it('is never left open by us', async () => {
    expect(await stand.openFiles()).toEqual([]);
  });
});

describe('access rules', () => {
  it('carries a security descriptor from one file to another, byte for byte', async () => {
    fs.writeFileSync(local('from'), 'x');
    fs.writeFileSync(local('to'), 'x');
    const descriptor = protectedDescriptor();
    await tree.writeSecurity('from', descriptor);
    const read = await tree.readSecurity('from');
    expect(read.readUInt16LE(2) & 0x1000, 'the DACL is protected').toBe(0x1000);
    await tree.writeSecurity('to', read);
    expect((await tree.readSecurity('to')).toString('hex')).toBe(read.toString('hex'));
  });

  it('sets of a security descriptor only the parts that are in it', async () => {
    fs.writeFileSync(local('parts'), 'x');
    const whole = await tree.readSecurity('parts');
    const ruled = protectedDescriptor();
    ruled.writeUInt32LE(0, 4);
    ruled.writeUInt32LE(0, 8);
    await tree.writeSecurity('parts', ruled);
    const now = await tree.readSecurity('parts');
    const sidAt = (of: Buffer, field: number): string => {
      const at = of.readUInt32LE(field);
      return of.toString('hex', at, at + 8 + of.readUInt8(at + 1) * 4);
    };
    expect(now.readUInt16LE(2) & 0x1000).toBe(0x1000);
    expect([sidAt(now, 4), sidAt(now, 8)]).toEqual([sidAt(whole, 4), sidAt(whole, 8)]);
    const owned = protectedDescriptor();
    owned.writeUInt16LE(0x8000, 2);
    await tree.writeSecurity('parts', owned);
    const then = await tree.readSecurity('parts');
    expect(sidAt(then, 4)).toBe(sidAt(protectedDescriptor(), 4));
    expect(then.subarray(then.readUInt32LE(16))).toEqual(now.subarray(now.readUInt32LE(16)));
    expect(await codeOf(tree.writeSecurity('parts', Buffer.alloc(20)))).toBe('malformed');
  });
});

/** smbclient opens it for reading and writing. */
async function holdAsOther(name: string): Promise<() => Promise<void>> {
  const holder = await stand.hold(name);
  return () => holder.release();
}

/** Another client of our own reads it, and is in the middle of that. */
async function readAsOther(name: string): Promise<() => Promise<void>> {
  const other = await stand.tree();
  let goOn: () => void = () => undefined;
  const paused = new Promise<void>((resolve) => {
    goOn = resolve;
  });
  let begun: () => void = () => undefined;
  const open = new Promise<void>((resolve) => {
    begun = resolve;
  });
  const reading = other.tree.fetch(name, 2 ** 30, {
    begin: begun,
    data: () => paused,
  });
  await open;
  return async () => {
    goOn();
    await reading;
    other.connection.close();
  };
}

/** Owner S-1-22-1-0, group S-1-22-2-0, a protected DACL with one entry: full control for everyone (MS-DTYP 2.4.6). */
function protectedDescriptor(): Buffer {
  const unixSid = (authority: number): Buffer => Buffer.from(`0102000000000016${word(authority)}${word(0)}`, 'hex');
  const everyone = Buffer.from('010100000000000100000000', 'hex');
  const entry = Buffer.concat([Buffer.from('00001400ff011f00', 'hex'), everyone]);
  const acl = Buffer.concat([Buffer.from('02001c0001000000', 'hex'), entry]);
  const owner = unixSid(1);
  const group = unixSid(2);
  const head = Buffer.alloc(20);
  head.writeUInt8(1, 0);
  head.writeUInt16LE(0x9004, 2);
  head.writeUInt32LE(20, 4);
  head.writeUInt32LE(20 + owner.length, 8);
  head.writeUInt32LE(20 + owner.length + group.length, 16);
  return Buffer.concat([head, owner, group, acl]);
}

function word(value: number): string {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes.toString('hex');
}
