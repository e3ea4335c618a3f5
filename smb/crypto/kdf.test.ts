/** Session keys against those that Microsoft published for a logon in 3.0 and one in 3.1.1. */
import { describe, expect, it } from 'vitest';
import { SAMPLE_KEYS } from '../logon/logon-sample.ts';
import { deriveKey, sessionKeys } from './kdf.ts';

const hex = (text: string): Buffer => Buffer.from(text, 'hex');
const NO_HASH = Buffer.alloc(64);
/** «SMB 2 and SMB 3 security in Windows 10», example for 3.0. */
const KEY_300 = hex('7CD451825D0450D235424E44BA6E78CC');

describe('session keys', () => {
  it.each([0x0300, 0x0302] as const)('of dialect %i are as published', (dialect) => {
    expect(sessionKeys({ dialect, sessionKey: KEY_300, preauthHash: NO_HASH, cipher: 'aes-128-ccm' })).toEqual({
      signing: hex('0B7E9C5CAC36C0F6EA9AB275298CEDCE'),
      encrypt: hex('FAD27796665B313EBB578F388632B4F7'),
      decrypt: hex('B0F0427F7CEB416D1D9DCC0CD4F99447'),
    });
  });

  it('of 3.1.1 are as published', () => {
    const { sessionKey, preauthHash, signing, encrypt, decrypt } = SAMPLE_KEYS;
    expect(sessionKeys({ dialect: 0x0311, sessionKey, preauthHash, cipher: 'aes-128-gcm' })).toEqual({
      signing,
      encrypt,
      decrypt,
    });
  });

  it('are as published for other labels too', () => {
    const { sessionKey, preauthHash, application } = SAMPLE_KEYS;
    expect(deriveKey(sessionKey, 'SMBAppKey\0', preauthHash, 128)).toEqual(application);
    expect(deriveKey(KEY_300, 'SMB2APP\0', Buffer.from('SmbRpc\0'), 128)).toEqual(
      hex('BB23A4575AA26C721AF525AF15A87B4F'),
    );
  });

  it.each(['aes-256-gcm', 'aes-256-ccm'] as const)(
    'for %s have 32 bytes, and the key for signatures stays',
    (cipher) => {
      const { sessionKey, preauthHash, signing, encrypt } = SAMPLE_KEYS;
      const keys = sessionKeys({ dialect: 0x0311, sessionKey, preauthHash, cipher });
      expect(keys.signing).toEqual(signing);
      expect(keys.encrypt).toHaveLength(32);
      expect(keys.decrypt).toHaveLength(32);
      // The length in bits is part of what is hashed: the longer key does not begin with the shorter one.
      expect(keys.encrypt?.subarray(0, 16)).not.toEqual(encrypt);
    },
  );

  it('of 2.1 are the session key itself, and nothing for encryption', () => {
    expect(sessionKeys({ dialect: 0x0210, sessionKey: KEY_300, preauthHash: NO_HASH, cipher: undefined })).toEqual({
      signing: KEY_300,
      encrypt: undefined,
      decrypt: undefined,
    });
  });

  it('do without encryption where no cipher was agreed', () => {
    const { sessionKey, preauthHash, signing } = SAMPLE_KEYS;
    expect(sessionKeys({ dialect: 0x0311, sessionKey, preauthHash, cipher: undefined })).toEqual({
      signing,
      encrypt: undefined,
      decrypt: undefined,
    });
  });

  it('count only 16 bytes of the key, and fill up a shorter one with zeros', () => {
    const ask = (sessionKey: Buffer) =>
      sessionKeys({ dialect: 0x0300, sessionKey, preauthHash: NO_HASH, cipher: undefined }).signing;
    expect(ask(Buffer.concat([KEY_300, hex('ffff')]))).toEqual(ask(KEY_300));
    expect(ask(KEY_300.subarray(0, 8))).toEqual(ask(Buffer.concat([KEY_300.subarray(0, 8), Buffer.alloc(8)])));
  });
});
