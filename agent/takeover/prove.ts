/**
 * Proof that our smbd serves: a real session writes a file, reads it back and removes it, in a share of our own, with an account of our own.
 * The same proof runs against the loopback before an address is taken and against the taken address afterwards, so that «taken over»
 * is said of what a client would meet and not of what was configured.
 */
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import { Failure } from '../../base/failure.ts';
import { readIfThere, writeWhole } from '../../base/file.ts';
import { connect } from '../../smb/index.ts';
import type { Tree } from '../../smb/types.ts';
import { OWNER_ACCOUNT } from './accounts.ts';
import { PROOF_SHARE } from './samba-config.ts';

export interface Proof {
  host: string;
  port: number;
  password: string;
  /** What must be true: users can write, or users can only read. */
  expect: 'writable' | 'read-only';
}

const CONNECT_LIMIT_MS = 1_500;
const REQUEST_LIMIT_MS = 3_000;

/** Throws a Failure that says what does not work; returns nothing when the proof held. */
export async function proveServed(proof: Proof): Promise<void> {
  const connection = await connect({
    host: proof.host,
    port: proof.port,
    connectTimeoutMs: CONNECT_LIMIT_MS,
    requestTimeoutMs: REQUEST_LIMIT_MS,
  });
  try {
    const session = await connection.logon({ user: OWNER_ACCOUNT, domain: '', password: proof.password });
    const tree = await session.tree(PROOF_SHARE);
    const writable = await canWriteAndRead(tree);
    if (writable !== (proof.expect === 'writable')) {
      throw new Failure({
        code: 'not-proven',
        doing: 'prove that the standby serves at',
        subject: `${proof.host}:${proof.port}`,
        what: writable ? 'its shares are writable, and they must not be' : 'its shares cannot be written',
        retry: true,
      });
    }
  } finally {
    connection.close();
  }
}

async function canWriteAndRead(tree: Tree): Promise<boolean> {
  const name = `proof-${randomBytes(8).toString('hex')}`;
  const content = randomBytes(64);
  try {
    await tree.store(name, {
      size: content.length,
      read: (offset, length) => content.subarray(offset, offset + length),
    });
  } catch (error) {
    if (error instanceof Failure && error.code === 'access-denied') return false;
    throw error;
  }
  const seen = Buffer.alloc(content.length);
  await tree.fetch(name, content.length, { data: (chunk, offset) => void chunk.copy(seen, offset) });
  await tree.removeFile(name);
  if (!seen.equals(content)) {
    throw new Failure({
      code: 'not-proven',
      doing: 'read back from the standby’s own smbd',
      subject: name,
      what: 'the content differs from what was written',
    });
  }
  return true;
}

/** The password of the proof account: made once, kept in a file that only root reads. */
export function proofPassword(file: string): string {
  const kept = readIfThere(file)?.trim();
  if (kept !== undefined && kept !== '') {
    fs.chmodSync(file, 0o600);
    return kept;
  }
  const made = randomBytes(24).toString('base64url');
  writeWhole(file, `${made}\n`);
  return made;
}
