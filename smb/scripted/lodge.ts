/**
 * For tests: a server in this process that really logs on, in every dialect: it checks NTLMv2 against one password, derives the keys,
 * signs or encrypts what it says, refuses what is not signed, and lets its sessions expire when a test says so, which no Samba does
 * without Kerberos. Behind the logon it plays a share in which every file holds «abc».
 */
import net from 'node:net';
import { sessionKeys } from '../crypto/kdf.ts';
import { rc4 } from '../crypto/rc4.ts';
import { seal, unseal } from '../crypto/sealing.ts';
import { signature } from '../crypto/signing.ts';
import { SAMPLE_CHALLENGE, SAMPLE_CHALLENGE_TOKEN } from '../logon/logon-sample.ts';
import { hmacMd5, responseKey } from '../logon/ntlm-keys.ts';
import { nextHash } from '../negotiate.ts';
import { STATUS } from '../status/status.ts';
import type { Dialect } from '../types.ts';
import { COMMAND, splitChain } from '../wire/header.ts';
import { answerHeader, eachFrame, framed, listen, negotiateAnswer } from './server.ts';
import { type Asked, good } from './signing.ts';

export const LODGER = { user: 'alice', domain: 'LAB', password: 'a secret of Alice' } as const;
const SESSION = 77n;
const TREE = 5;
/** The keys of one direction are the other side's of the other. */
interface Keys {
  signing: Buffer;
  fromClient: Buffer | undefined;
  toClient: Buffer | undefined;
}

export interface LodgeOptions {
  dialect: Dialect;
  /** Every session is to be encrypted (SMB2_SESSION_FLAG_ENCRYPT_DATA). */
  encrypt?: boolean;
  /** What somebody in between makes of the answer to NEGOTIATE; the server knows its own. */
  forge?(answer: Buffer): Buffer;
  /** The status of FSCTL_VALIDATE_NEGOTIATE_INFO; it is carried out unless told. */
  validateStatus?: number;
  /** ShareFlags of TREE_CONNECT; none unless told. */
  shareFlags?: number;
}

export interface Lodge {
  readonly port: number;
  /** From now on everything is refused as expired until the client has logged on again. */
  expire(): void;
  /** A status for what comes, in place of its answer; undefined when it is to be answered as usual. Asked for every part. */
  refuse: (asked: Asked) => number | undefined;
  /** Whether a part is never answered. */
  hang: (asked: Asked) => boolean;
  /** Commands of all parts that came behind the first logon, refused ones too. */
  readonly asked: number[];
  /** Every key of every session, from the logon's own on. */
  readonly keys: Buffer[];
  /** Passwords that were tried, and how many of them were accepted. */
  tried: number;
  logons: number;
  /** Answers every CHANGE_NOTIFY that waits with one change. */
  notify(name: string): void;
  close(): void;
}

export async function startLodge(options: LodgeOptions): Promise<Lodge> {
  const sockets = new Set<net.Socket>();
  const guests = new Set<Guest>();
  const server = net.createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    const guest = new Guest(options, lodge, socket);
    guests.add(guest);
    eachFrame(socket, (frame) => guest.hear(frame));
  });
  const port = await listen(server);
  const lodge: Lodge = {
    port,
    expire: () => {
      for (const guest of guests) guest.expired = true;
    },
    refuse: () => undefined,
    hang: () => false,
    asked: [],
    keys: [],
    tried: 0,
    logons: 0,
    notify: (name) => {
      for (const guest of guests) guest.notify(name);
    },
    close: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
  return lodge;
}

/** What a server does although the session has expired (MS-SMB2 3.3.5.2.9). */
const WHEN_EXPIRED: readonly number[] = [COMMAND.logoff, COMMAND.close, COMMAND.cancel, COMMAND.echo];

/** One connection and its one session. */
class Guest {
  expired = false;
  readonly #options: LodgeOptions;
  readonly #lodge: Lodge;
  readonly #socket: net.Socket;
  #negotiateRequest: Buffer = Buffer.alloc(0);
  #negotiateAnswer: Buffer = Buffer.alloc(0);
  #hash: Buffer = Buffer.alloc(64);
  #keys: Keys | undefined;
  #sealed = 0n;
  readonly #watching: Asked[] = [];

  constructor(options: LodgeOptions, lodge: Lodge, socket: net.Socket) {
    this.#options = options;
    this.#lodge = lodge;
    this.#socket = socket;
  }

  hear(frame: Buffer): void {
    const isSealed = frame.readUInt8(0) === 0xfd;
    const key = this.#keys?.fromClient;
    const message = isSealed && key !== undefined ? unseal(this.#cipher, key, SESSION, frame) : frame;
    let failed: number | undefined;
    const answers = splitChain(message).map((part) => {
      const asked = askedOf(part);
      if (asked.command === COMMAND.cancel || this.#lodge.hang(asked)) return [];
      if (this.#keys !== undefined) this.#lodge.asked.push(asked.command);
      // Behind a part that failed, related ones have no file.
      const related = (asked.flags & 4) !== 0;
      const status = (related ? failed : undefined) ?? this.#refusal(asked, part, isSealed);
      failed = status;
      return [this.#answer(asked, part, status)].filter((each) => each !== undefined);
    });
    const flat = answers.flat();
    if (flat.length > 0) this.#say(flat, isSealed);
  }

  notify(name: string): void {
    for (const asked of this.#watching.splice(0)) {
      const change = Buffer.alloc(12 + name.length * 2);
      change.writeUInt32LE(1, 4);
      change.writeUInt32LE(name.length * 2, 8);
      change.write(name, 12, 'utf16le');
      const body = Buffer.alloc(8);
      body.writeUInt16LE(9, 0);
      body.writeUInt16LE(72, 2);
      body.writeUInt32LE(change.length, 4);
      this.#say(
        [this.#part(asked, STATUS.SUCCESS, Buffer.concat([body, change]), { asyncId: asked.messageId, flags: 3 })],
        this.#options.encrypt === true,
      );
    }
  }

  get #cipher(): 'aes-128-gcm' | 'aes-128-ccm' {
    return this.#options.dialect === 0x0311 ? 'aes-128-gcm' : 'aes-128-ccm';
  }

  get #signing(): 'aes-gmac' | 'aes-cmac' | 'hmac-sha256' {
    const { dialect } = this.#options;
    return dialect === 0x0311 ? 'aes-gmac' : dialect === 0x0210 ? 'hmac-sha256' : 'aes-cmac';
  }

  #refusal(asked: Asked, part: Buffer, isSealed: boolean): number | undefined {
    if (this.#keys === undefined || asked.command === COMMAND.echo) return undefined;
    const nonce = { messageId: asked.messageId, fromServer: false, cancel: false };
    const stated = Buffer.from(part.subarray(48, 64));
    part.fill(0, 48, 64);
    const isSigned = signature(this.#signing, this.#keys.signing, part, nonce).equals(stated);
    if (this.#options.encrypt === true ? !isSealed : !isSealed && !isSigned) return STATUS.ACCESS_DENIED;
    const told = this.#lodge.refuse(asked);
    if (told !== undefined) return told;
    const goesOn = asked.command === COMMAND.sessionSetup || WHEN_EXPIRED.includes(asked.command);
    return this.expired && !goesOn ? STATUS.NETWORK_SESSION_EXPIRED : undefined;
  }

  #answer(asked: Asked, part: Buffer, refused: number | undefined): Buffer | undefined {
    if (refused !== undefined) return this.#part(asked, refused, Buffer.from([9, 0, 0, 0, 0, 0, 0, 0, 0]));
    switch (asked.command) {
      case COMMAND.negotiate:
        return this.#negotiate(asked, part);
      case COMMAND.sessionSetup:
        return this.#logOn(asked, part);
      case COMMAND.treeConnect: {
        const body = Buffer.alloc(16);
        body.writeUInt16LE(16, 0);
        body.writeUInt8(1, 2);
        body.writeUInt32LE(this.#options.shareFlags ?? 0, 4);
        return this.#part(asked, STATUS.SUCCESS, body, { treeId: TREE });
      }
      case COMMAND.ioctl:
        return this.#validate(asked);
      case COMMAND.changeNotify:
        this.#watching.push(asked);
        return this.#part(asked, STATUS.PENDING, Buffer.from([9, 0, 0, 0, 0, 0, 0, 0, 0]), {
          asyncId: asked.messageId,
          flags: 3,
        });
      default:
        return this.#part(asked, STATUS.SUCCESS, good(asked).body ?? Buffer.alloc(0));
    }
  }

  #negotiate(asked: Asked, part: Buffer): Buffer {
    const { dialect, forge } = this.#options;
    const body = negotiateAnswer({ dialect, ...(dialect === 0x0311 ? {} : { contexts: [] }) });
    // LARGE_MTU and, before 3.1.1, ENCRYPTION.
    body.writeUInt32LE(dialect === 0x0300 || dialect === 0x0302 ? 0x47 : 0x07, 24);
    const answer = this.#part(asked, STATUS.SUCCESS, body);
    this.#negotiateRequest = part;
    this.#negotiateAnswer = answer;
    this.#hash = nextHash(nextHash(this.#hash, part), answer);
    return forge?.(Buffer.from(answer)) ?? answer;
  }

  #logOn(asked: Asked, part: Buffer): Buffer {
    const isNew = this.#keys === undefined;
    if (isNew) this.#hash = nextHash(this.#hash, part);
    const ntlm = part.subarray(part.indexOf('NTLMSSP\0', 0, 'latin1'));
    const sessionBody = (token: Buffer, flags: number): Buffer => {
      const body = Buffer.alloc(8);
      [9, flags, 72, token.length].forEach((value, index) => {
        body.writeUInt16LE(value, index * 2);
      });
      return Buffer.concat([body, token]);
    };
    if (ntlm.readUInt32LE(8) === 1) {
      const answer = this.#part(asked, STATUS.MORE_PROCESSING_REQUIRED, sessionBody(SAMPLE_CHALLENGE_TOKEN, 0));
      if (isNew) this.#hash = nextHash(this.#hash, answer);
      return answer;
    }
    this.#lodge.tried += 1;
    const sessionKey = sessionKeyOf(ntlm);
    if (sessionKey === undefined) return this.#part(asked, STATUS.LOGON_FAILURE, sessionBody(Buffer.alloc(0), 0));
    this.#lodge.keys.push(sessionKey);
    const { dialect, encrypt } = this.#options;
    if (isNew) {
      const cipher = dialect === 0x0210 ? undefined : this.#cipher;
      const keys = sessionKeys({ dialect, sessionKey, preauthHash: this.#hash, cipher });
      this.#keys = { signing: keys.signing, fromClient: keys.encrypt, toClient: keys.decrypt };
      this.#lodge.keys.push(...Object.values(keys).filter((key) => key !== undefined));
    }
    this.expired = false;
    this.#lodge.logons += 1;
    return this.#part(asked, STATUS.SUCCESS, sessionBody(Buffer.alloc(0), encrypt === true ? 4 : 0));
  }

  /** FSCTL_VALIDATE_NEGOTIATE_INFO (MS-SMB2 3.3.5.15.12): whoever asks with other values than were offered is thrown out. */
  #validate(asked: Asked): Buffer | undefined {
    const { dialect, validateStatus } = this.#options;
    if (validateStatus !== undefined)
      return this.#part(asked, validateStatus, Buffer.from([9, 0, 0, 0, 0, 0, 0, 0, 0]));
    const offered = this.#negotiateRequest.subarray(64);
    const count = offered.readUInt16LE(2);
    const expected = Buffer.concat([
      offered.subarray(8, 28),
      offered.subarray(4, 6),
      offered.subarray(2, 4),
      offered.subarray(36, 36 + count * 2),
    ]);
    const input = asked.body.subarray(56, 56 + asked.body.readUInt32LE(28));
    if (dialect === 0x0311 || !input.equals(expected)) {
      this.#socket.destroy();
      return undefined;
    }
    const chosen = this.#negotiateAnswer.subarray(64);
    const body = Buffer.alloc(48);
    body.writeUInt16LE(49, 0);
    body.writeUInt32LE(112, 32);
    body.writeUInt32LE(24, 36);
    const output = [chosen.subarray(24, 28), chosen.subarray(8, 24), chosen.subarray(2, 4), chosen.subarray(4, 6)];
    return this.#part(asked, STATUS.SUCCESS, Buffer.concat([body, ...output]));
  }

  #part(
    asked: Asked,
    status: number,
    body: Buffer,
    more: { treeId?: number; asyncId?: bigint; flags?: number } = {},
  ): Buffer {
    const { command, messageId } = asked;
    const sessionId = command === COMMAND.negotiate || command === COMMAND.echo ? 0n : SESSION;
    const header = answerHeader({ command, messageId, status, sessionId, ...more });
    if (more.treeId !== undefined) header.writeUInt32LE(more.treeId, 36);
    return Buffer.concat([header, body]);
  }

  /** Chains, signs or seals. */
  #say(parts: readonly Buffer[], sealed: boolean): void {
    const keys = this.#keys;
    const chain = parts.map((part, index) => {
      const isLast = index === parts.length - 1;
      const whole = Buffer.concat([part], isLast ? part.length : Math.ceil(part.length / 8) * 8);
      if (!isLast) whole.writeUInt32LE(whole.length, 20);
      const status = whole.readUInt32LE(8);
      const isOfSession = whole.readBigUInt64LE(40) !== 0n && status !== STATUS.PENDING;
      if (keys === undefined || sealed || !isOfSession) return whole;
      whole.writeUInt32LE(whole.readUInt32LE(16) | 8, 16);
      const nonce = { messageId: whole.readBigUInt64LE(24), fromServer: true, cancel: false };
      signature(this.#signing, keys.signing, whole, nonce).copy(whole, 48);
      return whole;
    });
    const plain = Buffer.concat(chain);
    if (!sealed || keys?.toClient === undefined) {
      this.#socket.write(framed(plain));
      return;
    }
    this.#sealed += 1n;
    this.#socket.write(framed(Buffer.concat(seal(this.#cipher, keys.toClient, SESSION, this.#sealed, [plain]))));
  }
}

function askedOf(part: Buffer): Asked {
  return {
    command: part.readUInt16LE(12),
    messageId: part.readBigUInt64LE(24),
    charge: part.readUInt16LE(6),
    creditRequest: part.readUInt16LE(14),
    flags: part.readUInt32LE(16),
    asyncId: part.readBigUInt64LE(32),
    body: part.subarray(64),
  };
}

/** ExportedSessionKey of an AUTHENTICATE that answers SAMPLE_CHALLENGE; undefined when it was made with another password. */
function sessionKeyOf(ntlm: Buffer): Buffer | undefined {
  const field = (at: number): Buffer => {
    const offset = ntlm.readUInt32LE(at + 4);
    return ntlm.subarray(offset, offset + ntlm.readUInt16LE(at));
  };
  const key = responseKey({
    user: field(36).toString('utf16le'),
    domain: field(28).toString('utf16le'),
    password: LODGER.password,
  });
  const response = field(20);
  const proof = response.subarray(0, 16);
  if (!hmacMd5(key, SAMPLE_CHALLENGE.subarray(24, 32), response.subarray(16)).equals(proof)) return undefined;
  return rc4(hmacMd5(key, proof), field(52));
}
