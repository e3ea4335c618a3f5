/** The file system behind a share, against a real smbd, and against servers that tell less. */
import { afterEach, describe, expect, it } from 'vitest';
import { Failure } from '../../base/failure.ts';
import { chain, good, type ScriptedLine, startLine } from '../scripted/signing.ts';
import { type Stand, startStand } from '../scripted/stand.ts';
import { COMMAND } from '../wire/header.ts';
import { fileSystem } from './volume.ts';

let stand: Stand | undefined;
afterEach(() => stand?.stop());

describe('the file system', () => {
  it('is told as the server is set up', async () => {
    stand = await startStand({ share: ['vfs objects = streams_xattr', 'fstype = TESTFS'] });
    const { tree } = await stand.tree();
    const found = await tree.fileSystem();
    expect(found).toMatchObject({
      name: 'TESTFS',
      maxNameLength: 255,
      casePreserved: true,
      caseSensitive: true,
      accessRules: true,
      sparse: true,
      streams: true,
      readOnly: false,
    });
    expect(found.sectorBytes).toBeGreaterThanOrEqual(512);
    expect(found.clusterBytes % found.sectorBytes).toBe(0);
    expect(found.physicalSectorBytes).toBeGreaterThanOrEqual(512);
    expect(found.objectId).toMatch(/^[0-9a-f]{32}$/u);
    expect(await stand.openFiles()).toEqual([]);
  });

  it('is told of another kind', async () => {
    stand = await startStand({ share: ['ea support = no'] });
    const { tree } = await stand.tree();
    expect(await tree.fileSystem()).toMatchObject({ name: 'NTFS', streams: false });
  });
});

describe('a server', () => {
  let scripted: ScriptedLine | undefined;
  afterEach(() => scripted?.close());

  const ATTRIBUTES = 5;
  const SIZE = 3;

  /** Tells what of these classes is asked, all zeros, and refuses the rest. */
  async function telling(classes: readonly number[], refusal: number): Promise<ScriptedLine> {
    scripted = await startLine(100, (parts) => [
      chain(
        parts.map((to) => {
          if (to.command !== COMMAND.queryInfo) return good(to);
          if (!classes.includes(to.body.readUInt8(3))) return { to, status: refusal };
          const body = Buffer.alloc(8 + 24);
          body.writeUInt16LE(9, 0);
          body.writeUInt16LE(72, 2);
          body.writeUInt32LE(24, 4);
          return { to, body };
        }),
      ),
    ]);
    return scripted;
  }

  it.each<[string, number]>([
    ['INVALID_INFO_CLASS', 0xc000_0003],
    ['NOT_SUPPORTED', 0xc000_00bb],
    ['INVALID_PARAMETER', 0xc000_000d],
    ['OBJECT_NAME_NOT_FOUND', 0xc000_0034],
  ])('may leave out what it does not have: %s', async (_name, refusal) => {
    const { line } = await telling([ATTRIBUTES, SIZE], refusal);
    expect(await fileSystem(line)).toMatchObject({
      name: '',
      sectorBytes: 0,
      physicalSectorBytes: undefined,
      objectId: undefined,
    });
  });

  it.each([[[ATTRIBUTES]], [[SIZE]]])('must tell the rest (%j)', async (classes) => {
    const { line } = await telling(classes, 0xc000_0003);
    const failure = await fileSystem(line).catch((error: unknown) => error);
    expect(failure instanceof Failure ? failure.code : failure).toBe('not-supported');
  });

  it('that fails otherwise is believed', async () => {
    const { line } = await telling([ATTRIBUTES, SIZE], 0xc000_0022);
    const failure = await fileSystem(line).catch((error: unknown) => error);
    expect(failure instanceof Failure ? failure.code : failure).toBe('access-denied');
  });
});
