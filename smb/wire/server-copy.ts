/** FSCTL_SRV_REQUEST_RESUME_KEY and FSCTL_SRV_COPYCHUNK_WRITE (MS-SMB2 2.2.31.1, 2.2.32.1, 2.2.32.3): a server copies by itself. */
import { badAnswer } from './bytes.ts';
import type { Part } from './header.ts';
import { FSCTL, ioctlRequest } from './ioctl.ts';

const KEY_BYTES = 24;
/** Key, length of the context and four bytes of it, which no server uses. */
export const RESUME_KEY_BYTES = 32;
export const COPIED_BYTES = 12;
const FIXED_BYTES = 32;
const CHUNK_BYTES = 24;

/** A run of bytes, at the same place in both files. */
export interface Chunk {
  at: number;
  /** 1 to 2^32-1. */
  length: number;
}

export interface Copied {
  chunks: number;
  bytes: number;
}

/** What a server takes in one request (MS-SMB2 3.3.5.15.6). */
export interface CopyLimits {
  chunks: number;
  chunkBytes: number;
  totalBytes: number;
}

export function resumeKeyRequest(fileId: Buffer): Part {
  return ioctlRequest(fileId, FSCTL.requestResumeKey, Buffer.alloc(0), RESUME_KEY_BYTES);
}

/** What stands for the open source file. */
export function readResumeKey(buffer: Buffer): Buffer {
  if (buffer.length < KEY_BYTES) throw badAnswer('the key for a copy is cut short');
  return Buffer.from(buffer.subarray(0, KEY_BYTES));
}

/** The form that needs no right to read the target. */
export function copyRequest(target: Buffer, key: Buffer, chunks: readonly Chunk[]): Part {
  const input = Buffer.alloc(FIXED_BYTES + chunks.length * CHUNK_BYTES);
  key.copy(input, 0, 0, KEY_BYTES);
  input.writeUInt32LE(chunks.length, 24);
  chunks.forEach((chunk, index) => {
    const at = FIXED_BYTES + index * CHUNK_BYTES;
    input.writeBigUInt64LE(BigInt(chunk.at), at);
    input.writeBigUInt64LE(BigInt(chunk.at), at + 8);
    input.writeUInt32LE(chunk.length, at + 16);
  });
  return ioctlRequest(target, FSCTL.copyChunkWrite, input, COPIED_BYTES);
}

/** What was done, after SUCCESS. */
export function readCopied(buffer: Buffer): Copied {
  const [chunks, , bytes] = threeNumbers(buffer);
  return { chunks, bytes };
}

/** After INVALID_PARAMETER the same fields hold what the server takes; undefined when it would take nothing. */
export function readCopyLimits(buffer: Buffer): CopyLimits | undefined {
  const [chunks, chunkBytes, totalBytes] = threeNumbers(buffer);
  if (chunks === 0 || chunkBytes === 0 || totalBytes === 0) return undefined;
  return { chunks, chunkBytes, totalBytes };
}

function threeNumbers(buffer: Buffer): [number, number, number] {
  if (buffer.length < COPIED_BYTES) throw badAnswer('the outcome of a copy is cut short');
  return [buffer.readUInt32LE(0), buffer.readUInt32LE(4), buffer.readUInt32LE(8)];
}
