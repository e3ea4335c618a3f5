/** What a server that is broken, foreign or hostile can do before the logon: each ends in one clear Failure, in bounded time. */
import { afterEach, describe, expect, it } from 'vitest';
import type { Failure } from '../base/failure.ts';
import { failureOf } from './hostile.fake.ts';
import { connect } from './index.ts';
import { SAMPLE_CHALLENGE_TOKEN } from './logon/logon-sample.ts';
import {
  answerHeader,
  errorAnswer,
  framed,
  GOOD_CONTEXTS,
  negotiateContext,
  negotiated,
  type Reply,
  type ScriptedServer,
  startScripted,
} from './scripted/server.ts';
import type { Connection } from './types.ts';

let server: ScriptedServer | undefined;
afterEach(() => server?.close());

async function failureWith(reply: (message: Buffer, index: number) => Reply): Promise<Failure> {
  server = await startScripted(reply);
  const { port } = server;
  return failureOf(connect({ host: '127.0.0.1', port, connectTimeoutMs: 300, requestTimeoutMs: 300 }));
}

const [INTEGRITY, ENCRYPTION, SIGNING] = GOOD_CONTEXTS.map((context) => Buffer.from(context));
const contexts = (...list: (Buffer | undefined)[]): Buffer[] => list.filter((each) => each !== undefined);

function withNext(next: number): Buffer {
  const message = Buffer.concat([negotiated(), Buffer.alloc(200)]);
  message.writeUInt32LE(next, 20);
  return framed(message);
}

describe('a server that answers NEGOTIATE wrongly', () => {
  const rows: [remark: string, code: string, reply: Reply | ((message: Buffer) => Reply)][] = [
    ['says nothing', 'timeout', 'silence'],
    ['closes at once', 'disconnected', 'close'],
    ['resets at once', 'refused', 'reset'],
    ['answers in SMB 1', 'smb1-only', framed(Buffer.from('ff534d4272000000008801c800000000', 'hex'))],
    ['speaks HTTP', 'malformed', Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')],
    ['claims a frame of 16 MiB', 'malformed', Buffer.from([0, 0xff, 0xff, 0xff])],
    ['sends an empty frame', 'malformed', Buffer.alloc(4)],
    ['sends its answer byte by byte', 'timeout', { drip: framed(negotiated()) }],
    ['promises more than it sends', 'timeout', Buffer.concat([Buffer.from([0, 0, 1, 0]), Buffer.alloc(10)])],
    ['sends half a header', 'malformed', framed(negotiated().subarray(0, 40))],
    ['sends half a body', 'malformed', framed(negotiated().subarray(0, 100))],
    ['sends another protocol mark', 'malformed', framed(Buffer.alloc(200, 0x41))],
    ['sends a request', 'malformed', framed(negotiated({}, { flags: 0 }))],
    ['answers another message', 'malformed', framed(negotiated({}, { messageId: 7n }))],
    ['answers with another command', 'malformed', framed(negotiated({}, { command: 5 }))],
    ['has a message id beyond 2^53', 'malformed', framed(negotiated({}, { messageId: 2n ** 60n }))],
    ['chains backwards', 'malformed', withNext(0xffff_fff8)],
    ['chains into its own header', 'malformed', withNext(8)],
    ['chains to an odd place', 'malformed', withNext(131)],
    ['chains beyond the end', 'malformed', withNext(4_096)],
    ['sends something unasked', 'malformed', framed(negotiated({}, { messageId: 0xffff_ffff_ffff_ffffn }))],
    [
      'sends an encrypted message',
      'malformed',
      framed(Buffer.concat([Buffer.from('fd534d42', 'hex'), Buffer.alloc(96)])),
    ],
    ['sends the first bytes of one', 'malformed', framed(Buffer.from('fd534d42', 'hex'))],
    ['chose a dialect that was not offered', 'malformed', framed(negotiated({ dialect: 0x0312 }))],
    ['chose SMB 2.0.2', 'not-supported', framed(negotiated({ dialect: 0x0202 }))],
    [
      'has a security buffer outside',
      'malformed',
      framed(negotiated({ securityBuffer: { offset: 60_000, length: 9 } })),
    ],
    [
      'has a security buffer in the header',
      'malformed',
      framed(negotiated({ securityBuffer: { offset: 8, length: 9 } })),
    ],
    ['takes only tiny sizes', 'malformed', framed(negotiated({ maxBytes: 512 }))],
    ['counts more contexts than there are', 'malformed', framed(negotiated({ contextCount: 9 }))],
    ['counts thousands of contexts', 'malformed', framed(negotiated({ contextCount: 60_000 }))],
    ['puts its contexts into the header', 'malformed', framed(negotiated({ contextOffset: 16 }))],
    ['puts its contexts at an odd place', 'malformed', framed(negotiated({ contextOffset: 129 }))],
    ['puts its contexts outside', 'malformed', framed(negotiated({ contextOffset: 0xffff_fff8 }))],
    ['repeats a context', 'malformed', framed(negotiated({ contexts: contexts(INTEGRITY, INTEGRITY) }))],
    ['has no integrity context', 'malformed', framed(negotiated({ contexts: contexts(ENCRYPTION, SIGNING) }))],
    ['chose no hash', 'malformed', framed(negotiated({ contexts: [negotiateContext(1, [])] }))],
    [
      'chose two ciphers',
      'malformed',
      framed(negotiated({ contexts: contexts(INTEGRITY, negotiateContext(2, [2, 0, 1, 0, 2, 0])) })),
    ],
    [
      'chose an unknown cipher',
      'malformed',
      framed(negotiated({ contexts: contexts(INTEGRITY, negotiateContext(2, [1, 0, 9, 0])) })),
    ],
    [
      'chose an unknown signature',
      'malformed',
      framed(negotiated({ contexts: contexts(INTEGRITY, negotiateContext(8, [1, 0, 9, 0])) })),
    ],
    ['cannot sign', 'no-signing', framed(negotiated({ securityMode: 0 }))],
    ['has no dialect in common', 'not-supported', (message) => framed(errorAnswer(message, 0xc000_00bb))],
    ['is out of memory', 'nt-status', (message) => framed(errorAnswer(message, 0xc000_0205))],
    ['says «pending» and then nothing', 'timeout', (message) => framed(errorAnswer(message, 0x103, { flags: 3 }))],
    ['says «pending» without an id', 'malformed', (message) => framed(errorAnswer(message, 0x103))],
  ];
  it.each(rows)('that %s gives %s', async (_remark, code, reply) => {
    const failure = await failureWith((message) => (typeof reply === 'function' ? reply(message) : reply));
    expect(failure.code).toBe(code);
    expect(failure.hint).toMatch(/./);
  });
});

describe('a server that cannot be had', () => {
  it('gives refused when nobody listens', async () => {
    server = await startScripted(() => 'silence');
    const { port } = server;
    server.close();
    const failure = await failureOf(
      connect({ host: '127.0.0.1', port, connectTimeoutMs: 1_000, requestTimeoutMs: 300 }),
    );
    expect(failure.code).toBe('refused');
  });

  it('gives unreachable when there is no way', async () => {
    const failure = await failureOf(connect({ host: '192.0.2.1', connectTimeoutMs: 300, requestTimeoutMs: 300 }));
    expect(failure.code).toBe('unreachable');
  });

  it('keeps nobody waiting when it closes on SMB 2 and answers SMB 1 byte by byte', async () => {
    const failure = await failureWith((message) =>
      message.readUInt8(0) === 0xff ? { drip: Buffer.alloc(5_000) } : 'close',
    );
    expect(failure.code).toBe('disconnected');
  });

  it('gives smb1-only when it closes on SMB 2 and answers SMB 1', async () => {
    const smb1 = Buffer.alloc(80);
    smb1.writeUInt32LE(0x424d53ff, 0);
    smb1.writeUInt8(0x72, 4);
    smb1.writeUInt8(17, 32);
    const failure = await failureWith((message) => (message.readUInt8(0) === 0xff ? framed(smb1) : 'close'));
    expect(failure.code).toBe('smb1-only');
  });
});

describe('a server that refuses what it is offered, and speaks SMB 1 as well', () => {
  const smb1 = Buffer.alloc(80);
  smb1.writeUInt32LE(0x424d53ff, 0);
  smb1.writeUInt8(0x72, 4);
  smb1.writeUInt8(17, 32);

  it.each([
    ['refuses it with a status, takes SMB 2 where both are offered', 'status', framed(negotiated()), 'not-supported'],
    ['refuses it with a status, takes SMB 1 where both are offered', 'status', framed(smb1), 'smb1-only'],
    ['closes on it, takes SMB 2 where both are offered', 'close', framed(negotiated()), 'disconnected'],
    ['closes on it, takes SMB 1 where both are offered', 'close', framed(smb1), 'smb1-only'],
  ])('%s', async (_name, how, answer, code) => {
    let offered = '';
    const failure = await failureWith((message) => {
      if (message.readUInt8(0) === 0xff) {
        offered = message.toString('latin1', 35);
        return answer;
      }
      return how === 'close' ? 'close' : framed(errorAnswer(message, 0xc000_00bb));
    });
    expect(failure).toMatchObject({ code, retry: code === 'disconnected' });
    expect(offered).toBe('\x02NT LM 0.12\0\x02SMB 2.002\0\x02SMB 2.???\0');
    if (code === 'not-supported')
      expect(failure.what).toMatch(/^the server refuses every dialect .*SMB 2\.1.*SMB 3\.1\.1/);
  });
});

describe('a server that turns bad at the logon', () => {
  const credentials = { user: 'alice', domain: '', password: 'secret' };

  async function connected(reply: (message: Buffer, index: number) => Reply): Promise<Connection> {
    server = await startScripted((message, index) => (index === 0 ? framed(negotiated()) : reply(message, index)));
    return connect({ host: '127.0.0.1', port: server.port, connectTimeoutMs: 300, requestTimeoutMs: 300 });
  }

  const MORE = 0xc000_0016;
  const HERE = { sessionId: 5n };
  /** NegTokenResp: accept-incomplete, Kerberos. */
  const KERBEROS = Buffer.from('a1143012a0030a0101a10b06092a864886f712010202', 'hex');

  const session = (status: number, flags: number, token: Buffer, message: Buffer, sessionId = 5n): Buffer => {
    const body = Buffer.alloc(8);
    body.writeUInt16LE(9, 0);
    body.writeUInt16LE(flags, 2);
    body.writeUInt16LE(72, 4);
    body.writeUInt16LE(token.length, 6);
    const header = answerHeader({ command: 1, messageId: message.readBigUInt64LE(24), status, sessionId });
    return framed(Buffer.concat([header, body, token]));
  };

  const rows: [remark: string, code: string, reply: (message: Buffer) => Reply][] = [
    ['says nothing', 'timeout', () => 'silence'],
    ['lets everybody in', 'guest-only', (message) => session(0, 0, Buffer.alloc(0), message)],
    ['has no challenge', 'malformed', (message) => session(0xc000_0016, 0, Buffer.alloc(0), message)],
    ['has rubbish for a challenge', 'malformed', (message) => session(0xc000_0016, 0, Buffer.alloc(60, 7), message)],
    ['knows no such account', 'wrong-password', (message) => framed(errorAnswer(message, 0xc000_006d))],
    ['has locked the account', 'account-locked', (message) => framed(errorAnswer(message, 0xc000_0234))],
    ['cuts its answer short', 'malformed', (message) => framed(errorAnswer(message, 0xc000_0016).subarray(0, 68))],
    ['answers byte by byte', 'timeout', (message) => ({ drip: session(MORE, 0, SAMPLE_CHALLENGE_TOKEN, message) })],
    ['says «pending» for ever', 'timeout', (message) => framed(errorAnswer(message, 0x103, { flags: 3, asyncId: 1n }))],
    ['claims a frame of 16 MiB', 'malformed', () => Buffer.from([0, 0xff, 0xff, 0xff])],
    ['chose another mechanism', 'not-supported', (message) => session(MORE, 0, KERBEROS, message)],
  ];
  it.each(rows)('and %s gives %s', async (_remark, code, reply) => {
    const connection = await connected(reply);
    expect((await failureOf(connection.logon(credentials))).code).toBe(code);
    connection.close();
  });

  const afterChallenge: [remark: string, code: string, reply: (message: Buffer) => Reply][] = [
    ['says nothing more', 'timeout', () => 'silence'],
    ['wants ever another round', 'logon-denied', (message) => session(MORE, 0, SAMPLE_CHALLENGE_TOKEN, message)],
    ['lets us in without a signature', 'bad-signature', (message) => session(0, 0, Buffer.alloc(0), message)],
    ['lets us in as a guest', 'guest-only', (message) => session(0, 1, Buffer.alloc(0), message)],
    ['lets us in as nobody', 'guest-only', (message) => session(0, 2, Buffer.alloc(0), message)],
    ['goes on in another session', 'malformed', (message) => session(0, 0, Buffer.alloc(0), message, 6n)],
    ['cannot be bothered any more', 'session-expired', (message) => framed(errorAnswer(message, 0xc000_0203, HERE))],
    ['takes the password for wrong', 'wrong-password', (message) => framed(errorAnswer(message, 0xc000_006d, HERE))],
  ];
  it.each(afterChallenge)('and, its challenge answered, %s gives %s', async (_remark, code, reply) => {
    const connection = await connected((message, index) =>
      index === 1 ? session(MORE, 0, SAMPLE_CHALLENGE_TOKEN, message) : reply(message),
    );
    expect((await failureOf(connection.logon(credentials))).code).toBe(code);
    connection.close();
  });

  it('and grants no credits gives malformed instead of waiting for ever', async () => {
    server = await startScripted(() => framed(negotiated({}, { credits: 0 })));
    const connection = await connect({
      host: '127.0.0.1',
      port: server.port,
      connectTimeoutMs: 300,
      requestTimeoutMs: 300,
    });
    expect((await failureOf(connection.logon(credentials))).code).toBe('malformed');
  });

  it('a missed echo is told and does not end the connection', async () => {
    let answers = false;
    const connection = await connected((message) => {
      const echo = Buffer.concat([
        answerHeader({ command: 13, messageId: message.readBigUInt64LE(24) }),
        Buffer.from([4, 0, 0, 0]),
      ]);
      return answers ? framed(echo) : 'silence';
    });
    expect((await failureOf(connection.echo(30))).code).toBe('timeout');
    answers = true;
    expect(await connection.echo(1_000)).toBeGreaterThan(0);
    connection.close();
    expect(await failureOf(connection.closed.then((why) => Promise.reject(why)))).toMatchObject({
      code: 'disconnected',
    });
  });
});
