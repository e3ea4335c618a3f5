/** Security descriptors against a real smbd, with smbcacls as the oracle: what it sets we read, what we set it reads. */
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mustRun } from '../../base/command.ts';
import { isFailure } from '../../base/failure.ts';
import { ACCOUNT, SHARE, type Stand, startStand } from '../scripted/stand.ts';
import type { Tree } from '../types.ts';
import { buildDescriptor, parseDescriptor } from './descriptor.ts';
import { fromSddl } from './sddl-read.ts';
import { toSddl } from './sddl-write.ts';
import { CONTROL, type SecurityDescriptor } from './types.ts';

/** smbcacls insists on port 445; nobody else is at this address. */
const ORACLE_HOST = '127.0.0.77';
const FOREIGN = 'S-1-5-21-11-22-33';

let stand: Stand;
let tree: Tree;
let proxy: net.Server;

beforeAll(async () => {
  stand = await startStand({ share: ['vfs objects = acl_xattr', 'acl_xattr:ignore system acls = yes'] });
  ({ tree } = await stand.tree());
  proxy = net.createServer((client) => {
    const server = net.connect(stand.port, '127.0.0.1');
    for (const socket of [client, server]) socket.on('error', () => socket.destroy());
    client.pipe(server).pipe(client);
  });
  await new Promise<void>((resolve) => proxy.listen(445, ORACLE_HOST, resolve));
});
afterAll(async () => {
  proxy.close();
  await stand.stop();
});

function smbcacls(name: string, ...options: string[]): Promise<string> {
  const login = ['-U', `${ACCOUNT.user}%${ACCOUNT.password}`, `--domain-sid=${FOREIGN}`];
  return mustRun('smbcacls', [`//${ORACLE_HOST}/${SHARE}`, name, ...login, ...options], { timeLimitMs: 20_000 });
}

/** What smbcacls says of a file in SDDL, as values. */
async function asOracleReads(name: string): Promise<SecurityDescriptor> {
  return fromSddl((await smbcacls(name, '--sddl')).trim(), FOREIGN);
}

async function read(name: string): Promise<SecurityDescriptor> {
  return parseDescriptor(await tree.readSecurity(name));
}

function make(name: string): string {
  fs.writeFileSync(path.join(stand.folder, name), 'x');
  return name;
}

const SAMPLES: [remark: string, sddl: string][] = [
  ['protected rules', 'O:BAG:SYD:P(A;;0x1301bf;;;AU)(A;;FA;;;SY)'],
  ['a denial', 'O:BAG:SYD:P(D;;FW;;;BG)(A;;FA;;;WD)'],
  ['inherited rules', `O:BAG:SYD:(A;;FA;;;SY)(A;ID;0x1200a9;;;WD)(A;OICIIOID;FX;;;CO)`],
  [
    'accounts of another domain',
    `O:${FOREIGN}-1107G:${FOREIGN}-513D:P(D;;0x2;;;${FOREIGN}-1108)(A;;FA;;;${FOREIGN}-1107)`,
  ],
  [
    'accounts of Unix and rights without a name',
    'O:S-1-22-1-0G:S-1-22-2-0D:P(A;;0x12008f;;;S-1-22-1-4711)(A;;RC;;;WD)(A;;FA;;;SY)',
  ],
];

describe('rules that we set', () => {
  it.each(SAMPLES)('with %s are what smbcacls reads, and come back byte for byte', async (_remark, sddl) => {
    const name = make('ours');
    const wanted = fromSddl(sddl);
    await tree.writeSecurity(name, buildDescriptor(wanted));
    expect((await tree.readSecurity(name)).toString('hex')).toBe(buildDescriptor(wanted).toString('hex'));
    expect(await asOracleReads(name)).toEqual(wanted);
    const { dacl, control } = wanted;
    const lines = (await smbcacls(name, '--numeric')).split('\n');
    expect(lines).toContain(`CONTROL:0x${(control | 0x8004).toString(16)}`);
    expect(lines.filter((line) => line.startsWith('ACL:'))).toEqual(
      dacl?.aces.map((ace) =>
        ace.kind === 'rule'
          ? `ACL:${ace.sid}:${ace.type}/0x${ace.flags.toString(16)}/0x${ace.mask.toString(16).padStart(8, '0')}`
          : 'raw',
      ),
    );
  });

  it('keep the mark that they were inherited', async () => {
    const name = make('marked');
    await tree.writeSecurity(name, buildDescriptor(fromSddl('O:BAG:SYD:AI(A;ID;FA;;;WD)')));
    expect((await read(name)).control & CONTROL.daclAutoInherited).toBe(CONTROL.daclAutoInherited);
  });

  it('for everything in a folder are inherited by what is made in it', async () => {
    fs.mkdirSync(path.join(stand.folder, 'folder'));
    const rules = `O:BAG:SYD:PAI(A;OICI;FA;;;WD)(A;OI;FR;;;${FOREIGN}-1107)`;
    await tree.writeSecurity('folder', buildDescriptor(fromSddl(rules)));
    await tree.store('folder/inside', { size: 1, read: () => Buffer.from('x') });
    const inside = await read('folder/inside');
    const own: SecurityDescriptor = { ...inside, owner: undefined, group: undefined };
    expect(toSddl(own)).toBe(`D:AI(A;ID;FA;;;WD)(A;ID;FR;;;${FOREIGN}-1107)`);
    expect(await smbcacls('folder/inside')).toContain('ACL:Everyone:ALLOWED/I/FULL');
  });
});

describe('rules that smbcacls sets', () => {
  // Its `FA` and the like mean something else than those of Windows: it is given numbers.
  it.each([
    ['protected rules', 'O:BAG:SYD:P(A;;0x001301bf;;;AU)(A;;0x001f01ff;;;SY)'],
    ['a denial', 'O:BAG:SYD:P(D;OICI;0x00120116;;;BG)(A;;0x001f01ff;;;WD)'],
    [
      'accounts of another domain',
      `O:${FOREIGN}-1107G:SYD:P(D;;0x2;;;${FOREIGN}-1108)(A;;0x001f01ff;;;${FOREIGN}-1107)`,
    ],
  ])('with %s are what we read', async (_remark, sddl) => {
    const name = make('theirs');
    await smbcacls(name, '--sddl', '-S', sddl);
    // It writes the revision of lists with objects, which this one has not.
    expect(toSddl(await read(name))).toBe(toSddl(fromSddl(sddl)));
    expect(toSddl(await asOracleReads(name))).toBe(toSddl(fromSddl(sddl)));
  });
});

describe('audit rules', () => {
  const audited = fromSddl('O:BAG:SYD:P(A;;FA;;;WD)S:P(AU;SAFA;0x10000;;;WD)');

  it('are denied, in words, to an account without the privilege; the others are not touched by that', async () => {
    const name = make('unaudited');
    const before = await read(name);
    for (const work of [
      tree.readSecurity(name, { sacl: true }),
      tree.writeSecurity(name, buildDescriptor(audited), { sacl: true }),
    ]) {
      const error: unknown = await work.catch((why: unknown) => why);
      expect(isFailure(error, 'access-denied') && error.what).toContain('STATUS_PRIVILEGE_NOT_HELD');
    }
    expect(await read(name)).toEqual(before);
  });

  it('are read and set by an account that has it, and only when asked to', async () => {
    const grant = ['-s', stand.samba.configFile, 'sam', 'rights', 'grant', 'Everyone', 'SeSecurityPrivilege'];
    await mustRun('net', grant, { timeLimitMs: 20_000 });
    const { tree: auditor, connection } = await stand.tree();
    const name = make('audited');
    const everything = async (): Promise<SecurityDescriptor> =>
      parseDescriptor(await auditor.readSecurity(name, { sacl: true }));
    expect((await everything()).sacl ?? undefined).toBeUndefined();
    await auditor.writeSecurity(name, buildDescriptor(audited));
    expect((await everything()).sacl ?? undefined).toBeUndefined();
    await auditor.writeSecurity(name, buildDescriptor(audited), { sacl: true });
    const { owner, group, dacl, sacl } = await everything();
    expect({ owner, group, dacl, sacl }).toEqual({
      owner: audited.owner,
      group: audited.group,
      dacl: audited.dacl,
      sacl: audited.sacl,
    });
    expect(parseDescriptor(await auditor.readSecurity(name)).sacl).toBeUndefined();
    // The rules alone leave what is audited as it is.
    await auditor.writeSecurity(name, buildDescriptor(fromSddl('D:P(A;;FR;;;WD)(A;;FA;;;SY)')));
    expect((await everything()).sacl).toEqual(audited.sacl);
    // And what is audited alone leaves the rules.
    const others = (await everything()).dacl;
    const alone = fromSddl('S:(AU;FA;FW;;;BG)');
    await auditor.writeSecurity(name, buildDescriptor(alone), { sacl: true });
    expect((await everything()).sacl).toEqual(alone.sacl);
    expect((await everything()).dacl).toEqual(others);
    connection.close();
  });
});

describe('after all that', () => {
  it('the server holds no file open for us', async () => {
    expect(await stand.openFiles()).toEqual([]);
  });
});
