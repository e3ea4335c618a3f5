/** RC4, with which NTLM wraps its session key and its signatures (MS-NLMP 3.4.4.2, 3.4.5.1); OpenSSL 3 no longer offers it by default. */

/** Encrypts or decrypts from the start of the key stream. The key has 1–256 bytes. */
export function rc4(key: Uint8Array, data: Uint8Array): Buffer {
  if (key.length < 1 || key.length > 256) throw new RangeError('an RC4 key has 1 to 256 bytes');
  const state = new Uint8Array(256);
  for (let i = 0; i < 256; i += 1) state[i] = i;
  const at = (index: number): number => state[index & 0xff] ?? 0;
  const swap = (i: number, j: number): void => {
    const kept = at(i);
    state[i] = at(j);
    state[j] = kept;
  };

  let j = 0;
  for (let i = 0; i < 256; i += 1) {
    j = (j + at(i) + (key[i % key.length] ?? 0)) & 0xff;
    swap(i, j);
  }

  const out = Buffer.alloc(data.length);
  let i = 0;
  j = 0;
  for (const [index, byte] of data.entries()) {
    i = (i + 1) & 0xff;
    j = (j + at(i)) & 0xff;
    swap(i, j);
    out[index] = byte ^ at(at(i) + at(j));
  }
  return out;
}
