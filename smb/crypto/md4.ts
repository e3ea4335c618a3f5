/** MD4 (RFC 1320), which NTLM needs for the hash of the password and which OpenSSL 3 no longer offers by default. */

/** Shifts of the three rounds, and the order of the message words in them (RFC 1320 3.4). */
const ROUNDS = [
  { shifts: [3, 7, 11, 19], order: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15], constant: 0 },
  { shifts: [3, 5, 9, 13], order: [0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15], constant: 0x5a827999 },
  { shifts: [3, 9, 11, 15], order: [0, 8, 4, 12, 2, 10, 6, 14, 1, 9, 5, 13, 3, 11, 7, 15], constant: 0x6ed9eba1 },
];

/** Selection, majority and parity: the functions F, G and H of the three rounds. */
const MIX = [
  (x: number, y: number, z: number) => (x & y) | (~x & z),
  (x: number, y: number, z: number) => (x & y) | (x & z) | (y & z),
  (x: number, y: number, z: number) => x ^ y ^ z,
];

/** The 16-byte digest. */
export function md4(data: Uint8Array): Buffer {
  const padded = pad(data);
  let [a, b, c, d] = [0x67452301, 0xefcdab89 | 0, 0x98badcfe | 0, 0x10325476];
  for (let block = 0; block < padded.length; block += 64) {
    const [startA, startB, startC, startD] = [a, b, c, d];
    for (const [round, { shifts, order, constant }] of ROUNDS.entries()) {
      const mix = MIX[round];
      if (mix === undefined) throw new RangeError('MD4 has three rounds');
      for (const [step, word] of order.entries()) {
        const sum = (a + mix(b, c, d) + padded.readInt32LE(block + 4 * word) + constant) | 0;
        const shift = shifts[step % 4] ?? 0;
        [a, d, c, b] = [d, c, b, (sum << shift) | (sum >>> (32 - shift))];
      }
    }
    [a, b, c, d] = [(a + startA) | 0, (b + startB) | 0, (c + startC) | 0, (d + startD) | 0];
  }
  const digest = Buffer.alloc(16);
  for (const [index, word] of [a, b, c, d].entries()) digest.writeInt32LE(word, 4 * index);
  return digest;
}

/** One bit 1, then zeros, then the length in bits, up to a multiple of 64 bytes (RFC 1320 3.1, 3.2). */
function pad(data: Uint8Array): Buffer {
  const padded = Buffer.alloc(Math.ceil((data.length + 9) / 64) * 64);
  padded.set(data);
  padded[data.length] = 0x80;
  padded.writeBigUInt64LE(BigInt(data.length) * 8n, padded.length - 8);
  return padded;
}
