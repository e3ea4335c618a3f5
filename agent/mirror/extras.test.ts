/** What objects have beside their content: what is asked for when, what is kept, what is lost and told, and what a kill or a power cut does to it. */
import fs from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Failure } from '../../base/failure.ts';
import { getXattr, listXattrs } from '../../base/libc.ts';
import { buildDescriptor } from '../../smb/security/descriptor.ts';
import { fromSddl } from '../../smb/security/sddl-read.ts';
import type { Extras } from '../../smb/types.ts';
import { foldCase } from '../handback/local.ts';
import { dressExtras } from './dress-extras.ts';
import { type Dressing, piecesOf } from './dressing.ts';
import { beginRound, needsExtras, READ_AGAIN_MS } from './extras-table.ts';
import { FakeShare } from './ground.fake.ts';
import { NT_ACL_NAME, ntAcl } from './nt-acl.ts';

const RULES = buildDescriptor(fromSddl('O:S-1-5-21-1-2-3-1107G:SYD:P(D;;FW;;;BG)(A;;FA;;;WD)'));
const OTHER_RULES = buildDescriptor(fromSddl('O:BAG:SYD:PAI(A;OICI;FA;;;S-1-5-21-1-2-3-1108)'));
const NOTHING: Dressing = { security: undefined, streams: undefined, extended: undefined, lost: [], again: false };

let share: FakeShare;
beforeEach(() => {
  share = new FakeShare();
});
afterEach(() => share.clear());

function extras(changes: Partial<Extras> = {}): Extras {
  return { security: RULES, streams: { streams: [], refused: [] }, extendedBytes: 0, ...changes };
}

const give = (path: string, what: Extras): unknown => share.main.extras.set(foldCase(path), what);
const refused = (code: string): Failure => new Failure({ code, doing: 'read', what: 'access denied' });
const rulesAt = (file: string): Buffer | undefined => getXattr(share.at(file), NT_ACL_NAME);
const asked = (request: string): number => share.main.requests.filter((each) => each.startsWith(`${request} `)).length;

describe('access rules', () => {
  it('are kept byte for byte as Samba 4.17 keeps them', () => {
    const descriptor = buildDescriptor(
      fromSddl(
        'O:S-1-5-21-11-22-33-1107G:S-1-5-21-11-22-33-513D:P(D;;0x2;;;S-1-5-21-11-22-33-1108)(A;;FA;;;SY)(A;;FA;;;WD)',
      ),
    );
    // As `getfattr -n security.NTACL` showed it after the same rules were set over SMB.
    const head = `0300030000000200040002000100${'00'.repeat(66)}`;
    const list =
      '02005400030000000100240002000000010500000000000515000000' +
      '0b00000016000000210000005404000000001400ff011f0001010000000000051200000000001400ff011f00010100000000000100000000';
    const owner = '0105000000000005150000000b000000160000002100000053040000';
    const group = '0105000000000005150000000b000000160000002100000001020000';
    expect(ntAcl(descriptor).toString('hex')).toBe(
      `${head}010004906400000080000000000000009c000000${owner}${group}${list}`,
    );
  });

  it('that make no sense are told, and not handed to smbd', () => {
    const { pieces, lost } = piecesOf({ ...NOTHING, security: Buffer.from('no rules at all, only text') });
    expect(pieces).toEqual([]);
    expect(lost).toEqual([expect.stringContaining('its access rules: ')]);
  });
});

describe('a pass', () => {
  it('dresses files and directories, empty and read-only ones too, and the root', async () => {
    share.main.write('folder', undefined);
    share.main.write('folder/empty', undefined);
    share.main.write('folder/file', 'text');
    for (const path of ['', 'folder', 'folder/empty', 'folder/file']) give(path, extras());
    await share.pass();
    for (const path of ['', 'folder', 'folder/empty', 'folder/file']) expect(rulesAt(path), path).toEqual(ntAcl(RULES));
    expect(share.problems()).toEqual([]);
    // Of what it knows it asks nothing again.
    const before = asked('extras');
    await share.pass();
    expect(asked('extras')).toBe(before);
  });

  it('reads those of an index from before without their content', async () => {
    share.main.write('folder', undefined);
    share.main.write('folder/file', 'text');
    await share.pass();
    share.ground.index.change('DROP TABLE extras');
    give('folder/file', extras());
    give('folder', extras({ security: OTHER_RULES }));
    share.restart();
    const fetched = asked('fetch');
    await share.pass();
    expect(asked('fetch')).toBe(fetched);
    expect(rulesAt('folder/file')).toEqual(ntAcl(RULES));
    expect(rulesAt('folder')).toEqual(ntAcl(OTHER_RULES));
    const { ino } = fs.statSync(share.at('folder/file'));
    await share.pass();
    expect(asked('fetch')).toBe(fetched);
    expect(fs.statSync(share.at('folder/file')).ino).toBe(ino);
  });

  it('sees that they changed by ChangeTime, and where that tells nothing by asking again after hours', async () => {
    share.main.write('folder', undefined);
    share.main.write('file', 'text');
    await share.pass();
    give('folder', extras());
    give('file', extras());
    await share.pass();
    expect(rulesAt('folder')).not.toEqual(ntAcl(RULES));
    share.main.touch('folder');
    await share.pass();
    expect(rulesAt('folder')).toEqual(ntAcl(RULES));
    expect(rulesAt('file')).not.toEqual(ntAcl(RULES));
    share.ground.index.change('UPDATE extras SET read_ms = ?', Date.now() - READ_AGAIN_MS - 1_000);
    const fetched = asked('fetch');
    await share.pass();
    expect(rulesAt('file')).toEqual(ntAcl(RULES));
    expect(asked('fetch')).toBe(fetched);
  });

  it('dresses every directory once more after a takeover, for users may have changed them', async () => {
    share.main.write('folder', undefined);
    give('folder', extras());
    await share.pass();
    const fd = fs.openSync(share.at('folder'), 'r');
    dressExtras(fd, { ...NOTHING, security: OTHER_RULES });
    fs.closeSync(fd);
    await share.pass();
    expect(rulesAt('folder')).toEqual(ntAcl(OTHER_RULES));
    beginRound(share.ground.index);
    await share.pass();
    expect(rulesAt('folder')).toEqual(ntAcl(RULES));
  });

  it('dresses a directory that was lost here and is made anew', async () => {
    share.main.write('folder', undefined);
    give('folder', extras());
    await share.pass();
    fs.rmdirSync(share.at('folder'));
    await share.pass();
    expect(rulesAt('folder')).toEqual(ntAcl(RULES));
  });
});

describe('what is lost', () => {
  it('is told as long as it is, and costs neither the content nor the rest', async () => {
    share.main.write('file', 'text');
    const streams = [{ name: 'large', size: 70_000, allocatedBytes: 70_000 }];
    give('file', extras({ streams: { streams, refused: ['\\x2f'] } }));
    await share.pass();
    await share.pass();
    expect(share.visible()).toEqual(['file=text']);
    expect(rulesAt('file')).toEqual(ntAcl(RULES));
    expect(share.problems()).toEqual([expect.stringMatching(/^file: its content is mirrored, but not .*70000 bytes/u)]);
    give('file', extras());
    share.main.touch('file');
    await share.pass();
    expect(share.problems()).toEqual([]);
  });

  it('because the main refuses the rules leaves those that are here, and is not asked for at every pass', async () => {
    share.main.write('folder', undefined);
    give('folder', extras());
    await share.pass();
    give('folder', extras({ security: refused('access-denied') }));
    share.main.touch('folder');
    await share.pass();
    expect(rulesAt('folder')).toEqual(ntAcl(RULES));
    expect(share.problems()).toEqual([
      'folder: its content is mirrored, but not its access rules could not be read: access denied',
    ]);
    const before = asked('extras');
    await share.pass();
    expect(asked('extras')).toBe(before);
    expect(share.problems()).toHaveLength(1);
    // But whenever somebody names it, and when its next try is due.
    const row = share.ground.index.find(share.ground.rootId, 'folder');
    if (row === undefined) throw new Error('the folder has no row');
    const now = { changed: 1n, written: 2n };
    expect(needsExtras(share.ground, row, now, true)).toBe(true);
  });

  it('is nothing on a server that has no such things', async () => {
    share.main.write('file', 'text');
    const none = refused('not-supported');
    give('file', { security: none, streams: none, extendedBytes: none });
    await share.pass();
    expect(share.problems()).toEqual([]);
    expect(share.visible()).toEqual(['file=text']);
  });
});

describe('a dressing', () => {
  it.each(['DOSATTRIB', 'dosattrib', 'DosStream.x:$DATA', 'SAMBA_PAI', 'org.netatalk.Metadata'])(
    'with an extended attribute %s, which Samba keeps for itself, is not what the main may give',
    (name) => {
      const { pieces, lost } = piecesOf({ ...NOTHING, extended: [{ name, value: Buffer.from('x'), needed: false }] });
      expect(pieces).toEqual([]);
      expect(lost).toHaveLength(1);
    },
  );

  it('takes away what the main has no more, and nothing of which it did not tell', () => {
    const file = share.at('file');
    fs.writeFileSync(file, 'text');
    const fd = fs.openSync(file, 'r');
    const stream = { name: 'one', data: Buffer.from('1') };
    const attribute = { name: 'ONE', value: Buffer.from('1'), needed: false };
    dressExtras(fd, { ...NOTHING, security: RULES, streams: [stream], extended: [attribute] });
    expect(listXattrs(file).sort()).toEqual(['security.NTACL', 'user.DosStream.one:$DATA', 'user.ONE']);
    expect(getXattr(file, 'user.DosStream.one:$DATA')).toEqual(Buffer.from('1\0'));
    dressExtras(fd, { ...NOTHING, streams: [] });
    expect(listXattrs(file).sort()).toEqual(['security.NTACL', 'user.ONE']);
    dressExtras(fd, { ...NOTHING, extended: [] });
    expect(listXattrs(file)).toEqual(['security.NTACL']);
    fs.closeSync(fd);
  });

  it('of a name or a size that Linux does not take is told for each by itself', () => {
    const streams = [
      { name: '流'.repeat(80), data: Buffer.from('x') },
      { name: 'full', data: Buffer.alloc(65_535) },
      { name: 'over', data: Buffer.alloc(65_536) },
    ];
    const { pieces, lost } = piecesOf({ ...NOTHING, streams });
    expect(pieces.map(({ what }) => what)).toEqual(['the stream full']);
    expect(lost).toEqual([expect.stringContaining('261 bytes'), expect.stringContaining('65536 bytes')]);
  });
});

describe('a kill', () => {
  it('between dressing and the row leaves a file that is adopted, and dressed again without its content', async () => {
    share.main.write('file', 'text');
    await share.pass();
    share.ground.index.change('DELETE FROM extras');
    share.ground.index.commit();
    share.kill();
    give('file', extras());
    const fetched = asked('fetch');
    await share.pass();
    expect(rulesAt('file')).toEqual(ntAcl(RULES));
    expect(asked('fetch')).toBe(fetched);
  });

  it('of the power takes the word back for what no flush had made durable', async () => {
    share.main.write('folder', undefined);
    give('folder', extras());
    await share.pass();
    const fd = fs.openSync(share.at('folder'), 'r');
    dressExtras(fd, { ...NOTHING, security: OTHER_RULES });
    fs.closeSync(fd);
    share.restart('boot-2');
    await share.pass();
    expect(rulesAt('folder')).toEqual(ntAcl(RULES));
  });
});
