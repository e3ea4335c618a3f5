/**
 * AES-CMAC (RFC 4493) on top of the AES-CBC that Node has: CMAC is CBC-MAC over the message, whose last block is padded
 * and mixed with a key of its own. The cipher text is thrown away except for the last block.
 */
import { createCipheriv, type KeyObject } from 'node:crypto';

const BLOCK = 16;
const ZERO_BLOCK = Buffer.alloc(BLOCK);

/** Bytes that go into the cipher at once: it gives as many back, which nobody needs. */
const SLICE = 65_536;

/** The 16-byte code of a message of any length; the key has 16 bytes. */
export function aesCmac(key: Buffer | KeyObject, message: Buffer): Buffer {
  const cipher = createCipheriv('aes-128-cbc', key, ZERO_BLOCK).setAutoPadding(false);
  // With an IV of zero this is AES(key, 0), the L of RFC 4493 2.3. The chain now stands at L instead of at zero, so the
  // first block takes L once more to undo it: that is cheaper than a second cipher object for every message.
  const l = cipher.update(ZERO_BLOCK);

  const lastAt = Math.max(0, Math.ceil(message.length / BLOCK) - 1) * BLOCK;
  const last = Buffer.alloc(BLOCK);
  message.copy(last, 0, lastAt);
  const k1 = doubled(l);
  if (message.length - lastAt === BLOCK) {
    mixInto(last, k1);
  } else {
    last[message.length - lastAt] = 0x80;
    mixInto(last, doubled(k1));
  }

  if (lastAt === 0) {
    mixInto(last, l);
    return cipher.update(last);
  }
  const first = Buffer.from(message.subarray(0, BLOCK));
  mixInto(first, l);
  cipher.update(first);
  for (let at = BLOCK; at < lastAt; at += SLICE) cipher.update(message.subarray(at, Math.min(at + SLICE, lastAt)));
  return cipher.update(last);
}

/** Doubling in GF(2^128) (RFC 4493 2.3): shift left by one bit, and fold the bit that falls out back in. */
function doubled(block: Buffer): Buffer {
  const out = Buffer.alloc(BLOCK);
  for (let at = 0; at < BLOCK; at += 1) {
    const next = at + 1 < BLOCK ? block.readUInt8(at + 1) : 0;
    out[at] = (block.readUInt8(at) << 1) | (next >>> 7);
  }
  if ((block.readUInt8(0) & 0x80) !== 0) out[BLOCK - 1] = out.readUInt8(BLOCK - 1) ^ 0x87;
  return out;
}

function mixInto(block: Buffer, other: Buffer): void {
  for (let at = 0; at < BLOCK; at += 1) block[at] = block.readUInt8(at) ^ other.readUInt8(at);
}
