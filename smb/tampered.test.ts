/** What somebody between the client and a real server can do: nothing of it goes unnoticed, and nothing hangs. */
import fs from 'node:fs';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Failure } from '../base/failure.ts';
import { failureOf } from './hostile.fake.ts';
import { answerHeader, errorAnswer } from './scripted/server.ts';
import { ACCOUNT, SHARE, type Stand, startStand } from './scripted/stand.ts';
import { honest, type Passing, startTamperer, type Tamperer, type Tampering } from './scripted/tamperer.ts';

const CONTENT = Buffer.alloc(300_000, 'The quick brown fox. ');
const NEGOTIATE = 0;
const SESSION_SETUP = 1;
const CREATE = 5;

let stand: Stand;
let between: Tamperer | undefined;

beforeAll(async () => {
  // Without a cipher everything is signed, and what is tampered with can be told by its header.
  stand = await startStand({ global: ['server smb encrypt = off'], requestTimeoutMs: 400 });
  fs.writeFileSync(path.join(stand.folder, 'small.txt'), CONTENT.subarray(0, 5_000));
  fs.writeFileSync(path.join(stand.folder, 'big.txt'), CONTENT);
});
afterAll(() => stand.stop());
afterEach(() => between?.close());

const commandOf = (message: Buffer): number => message.readUInt16LE(12);
const fromServer = ({ from, message }: Passing, command: number): boolean =>
  from === 'server' && message.readUInt8(0) === 0xfe && commandOf(message) === command;

/** A copy with some bits turned. */
function turned(message: Buffer, at: number, bits: number): Buffer {
  const copy = Buffer.from(message);
  copy.writeUInt8(copy.readUInt8(at) ^ bits, at);
  return copy;
}

describe('a logon through somebody who tampers', () => {
  const rows: [remark: string, code: string, tamper: Tampering][] = [
    [
      'takes the signature off the last answer',
      'bad-signature',
      (passing) => [
        fromServer(passing, SESSION_SETUP) && passing.message.readUInt32LE(8) === 0
          ? turned(passing.message, 16, 8)
          : passing.message,
      ],
    ],
    [
      "changes a bit of the last answer's signature",
      'bad-signature',
      (passing) => [
        fromServer(passing, SESSION_SETUP) && passing.message.readUInt32LE(8) === 0
          ? turned(passing.message, 50, 1)
          : passing.message,
      ],
    ],
    [
      'says that the server can do less',
      'bad-signature',
      (passing) => [fromServer(passing, NEGOTIATE) ? turned(passing.message, 64 + 24, 4) : passing.message],
    ],
    [
      'has the client offer less',
      'bad-signature',
      (passing) => [
        passing.from === 'client' && passing.index === 0 ? turned(passing.message, 64 + 8, 4) : passing.message,
      ],
    ],
    [
      'makes a guest of us',
      'guest-only',
      (passing) => [
        fromServer(passing, SESSION_SETUP) && passing.message.readUInt32LE(8) === 0
          ? turned(passing.message, 66, 1)
          : passing.message,
      ],
    ],
    [
      'keeps the last answer back',
      'timeout',
      (passing) => (passing.from === 'server' && passing.index === 2 ? [] : [passing.message]),
    ],
    ['cuts the line', 'disconnected', (passing) => (passing.index === 2 ? 'cut' : [passing.message])],
    [
      'says the last answer twice',
      'malformed',
      (passing) =>
        passing.from === 'server' && passing.index === 1 ? [passing.message, passing.message] : [passing.message],
    ],
  ];
  it.each(rows)('who %s gives %s', async (_remark, code, tamper) => {
    between = await startTamperer(stand.port, tamper);
    const connection = await stand.connect(between.port);
    expect((await failureOf(connection.logon(ACCOUNT))).code).toBe(code);
  });
});

describe('a server of before 3.1.1 through somebody who tampers', () => {
  it('proves after the logon what it was offered and what it chose', async () => {
    const old = await startStand({ global: ['server max protocol = SMB3_02'] });
    try {
      // The capability of encryption is taken out of the answer to NEGOTIATE, which nothing signs in these dialects.
      between = await startTamperer(old.port, (passing) => [
        fromServer(passing, NEGOTIATE) ? turned(passing.message, 64 + 24, 0x40) : passing.message,
      ]);
      const connection = await old.connect(between.port);
      const session = await connection.logon(ACCOUNT);
      expect((await failureOf(session.tree(SHARE))).code).toBe('bad-signature');
      expect(await connection.closed).toMatchObject({ code: 'bad-signature' });
    } finally {
      await old.stop();
    }
  });
});

describe('work through somebody who tampers', () => {
  const rows: [remark: string, code: string, tamper: Tampering][] = [
    [
      'changes content',
      'bad-signature',
      (passing) => [fromServer(passing, CREATE) ? turned(passing.message, 100, 1) : passing.message],
    ],
    [
      'takes a signature off',
      'bad-signature',
      (passing) => [fromServer(passing, CREATE) ? turned(passing.message, 16, 8) : passing.message],
    ],
    [
      'gives an error of his own',
      'bad-signature',
      ({ from, message }) => [from === 'server' ? errorAnswer(message, 0xc000_0034) : message],
    ],
    ['sends an answer twice', 'malformed', ({ from, message }) => (from === 'server' ? [message, message] : [message])],
    [
      'chains in a circle',
      'malformed',
      (passing) => [fromServer(passing, CREATE) ? turned(passing.message, 20, 0xff) : passing.message],
    ],
    ['keeps answers back', 'timeout', ({ from, message }) => (from === 'server' ? [] : [message])],
    ['keeps requests back', 'timeout', ({ from, message }) => (from === 'client' ? [] : [message])],
    ['cuts the line', 'disconnected', ({ from, message }) => (from === 'server' ? 'cut' : [message])],
    [
      'pretends that the session is gone',
      'session-expired',
      ({ from, message }) => [from === 'server' ? errorAnswer(message, 0xc000_0203) : message],
    ],
    [
      'grants a message that nobody asked for',
      'malformed',
      ({ from, message }) =>
        from === 'server' ? [answerHeader({ command: 13, messageId: 999n }), message] : [message],
    ],
  ];
  it.each(rows)('who %s gives %s to everybody, and ends the connection', async (_remark, code, tamper) => {
    between = await startTamperer(stand.port, honest);
    const { connection, tree } = await stand.tree(between.port);
    between.tamper = tamper;
    const work = [
      tree.fetch('small.txt', 5_000, { data: () => undefined }),
      tree.fetch('big.txt', 300_000, { data: () => undefined }),
      tree.stat('small.txt'),
    ];
    const codes = (await Promise.allSettled(work)).map((each) =>
      each.status === 'rejected' && each.reason instanceof Failure ? each.reason.code : 'fulfilled',
    );
    // Only what was answered before the first bad message may have succeeded.
    expect(new Set(codes.filter((each) => each !== 'fulfilled'))).toEqual(new Set([code]));
    expect(await connection.closed).toMatchObject({ code });
    expect((await failureOf(tree.stat(''))).code).toBe(code);
  });

  it('is not disturbed by unsigned interim answers and oplock breaks, which nobody signs', async () => {
    between = await startTamperer(stand.port, honest);
    const { tree } = await stand.tree(between.port);
    const breaking = answerHeader({ command: 18, messageId: 0xffff_ffff_ffff_ffffn, credits: 0 });
    between.tamper = ({ from, message }) => {
      if (from === 'client') return [message];
      const interim = errorAnswer(message, 0x103, { flags: 3, asyncId: 5n, credits: 0 });
      return [breaking, interim, interim, message];
    };
    const got: Buffer[] = [];
    await tree.fetch('small.txt', 5_000, { data: (chunk) => void got.push(chunk) });
    expect(Buffer.concat(got).equals(CONTENT.subarray(0, 5_000))).toBe(true);
  });
});

describe('an encrypted session through somebody who tampers', () => {
  let encrypting: Stand;
  beforeAll(async () => {
    encrypting = await startStand({ share: ['smb encrypt = required'], requestTimeoutMs: 400 });
    fs.writeFileSync(path.join(encrypting.folder, 'small.txt'), CONTENT.subarray(0, 5_000));
  });
  afterAll(() => encrypting.stop());

  const rows: [remark: string, code: string, tamper: Tampering][] = [
    ['changes a byte', 'bad-signature', ({ from, message }) => [from === 'server' ? turned(message, 100, 1) : message]],
    [
      'answers in the clear',
      'bad-signature',
      ({ from, message }) => {
        const forged = answerHeader({ command: CREATE, messageId: 4n, status: 0xc000_0034, flags: 9 });
        return [from === 'server' ? Buffer.concat([forged, Buffer.from([9, 0, 0, 0, 0, 0, 0, 0, 0])]) : message];
      },
    ],
    [
      'names another session',
      'malformed',
      ({ from, message }) => [from === 'server' ? turned(message, 44, 1) : message],
    ],
    ['sends an answer twice', 'malformed', ({ from, message }) => (from === 'server' ? [message, message] : [message])],
  ];
  it.each(rows)('who %s gives %s', async (_remark, code, tamper) => {
    between = await startTamperer(encrypting.port, honest);
    const connection = await encrypting.connect(between.port);
    const tree = await (await connection.logon(ACCOUNT)).tree(SHARE);
    between.tamper = tamper;
    // The forged answer above is for the message 4, behind NEGOTIATE, two of the logon and TREE_CONNECT.
    await tree.stat('small.txt').catch(() => undefined);
    await tree.stat('small.txt').catch(() => undefined);
    expect(await connection.closed).toMatchObject({ code });
  });
});
