/** The computations of NTLMv2 against the worked examples of MS-NLMP 4.2.4 and a published logon. */
import { describe, expect, it } from 'vitest';
import { rc4 } from '../crypto/rc4.ts';
import {
  SAMPLE_AUTHENTICATE,
  SAMPLE_CHALLENGE,
  SAMPLE_FINAL_TOKEN,
  SAMPLE_KEYS,
  SAMPLE_MECH_TYPES,
  SAMPLE_MIC,
  SAMPLE_NEGOTIATE,
} from './logon-sample.ts';
import { firstSignature, hmacMd5, lmV2Response, ntlmV2Response, responseKey, sealKey, signKey } from './ntlm-keys.ts';
import { parseToken } from './spnego.ts';

const hex = (text: string): Buffer => Buffer.from(text, 'hex');

/** MS-NLMP 4.2.1 and 4.2.4: the common values. */
const CREDENTIALS = { user: 'User', domain: 'Domain', password: 'Password' };
const SERVER_CHALLENGE = hex('0123456789abcdef');
const CLIENT_CHALLENGE = Buffer.alloc(8, 0xaa);
const EXPORTED_KEY = Buffer.alloc(16, 0x55);
const TARGET_INFO = hex('02000c0044006f006d00610069006e0001000c005300650072007600650072000000' + '0000');

describe('NTLMv2', () => {
  const key = responseKey(CREDENTIALS);
  const { response, sessionBaseKey } = ntlmV2Response({
    key,
    serverChallenge: SERVER_CHALLENGE,
    clientChallenge: CLIENT_CHALLENGE,
    time: 0n,
    targetInfo: TARGET_INFO,
  });

  it('makes the key of MS-NLMP 4.2.4.1.1', () => {
    expect(key).toEqual(hex('0c868a403bfd7a93a3001ef22ef02e3f'));
  });

  it('makes the proof of 4.2.4.2.2 and puts the temp of 4.2.4.1.3 behind it', () => {
    expect(response.subarray(0, 16)).toEqual(hex('68cd0ab851e51c96aabc927bebef6a1c'));
    expect(response.subarray(16)).toEqual(
      Buffer.concat([hex(`0101000000000000${'00'.repeat(8)}aaaaaaaaaaaaaaaa00000000`), TARGET_INFO, Buffer.alloc(4)]),
    );
  });

  it('makes the session base key of 4.2.4.1.2 and wraps the exported key as in 4.2.4.2.3', () => {
    expect(sessionBaseKey).toEqual(hex('8de40ccadbc14a82f15cb0ad0de95ca3'));
    expect(rc4(sessionBaseKey, EXPORTED_KEY)).toEqual(hex('c5dad2544fc9799094ce1ce90bc9d03e'));
  });

  it('makes the LMv2 response of 4.2.4.2.1', () => {
    expect(lmV2Response(key, SERVER_CHALLENGE, CLIENT_CHALLENGE)).toEqual(
      hex('86c35097ac9cec102554764a57cccc19aaaaaaaaaaaaaaaa'),
    );
  });

  it('takes the user in upper case and the domain as typed', () => {
    expect(responseKey({ ...CREDENTIALS, user: 'uSER' })).toEqual(key);
    expect(responseKey({ ...CREDENTIALS, domain: 'DOMAIN' })).not.toEqual(key);
  });

  it('turns each character into one, as Windows does: «ß» is not «SS»', () => {
    const keyOf = (user: string) => responseKey({ ...CREDENTIALS, user });
    expect(keyOf('strauß')).toEqual(keyOf('STRAUß'));
    expect(keyOf('strauß')).not.toEqual(keyOf('STRAUSS'));
    expect(keyOf('émile')).toEqual(keyOf('ÉMILE'));
  });
});

describe('signatures with extended session security', () => {
  it('have the keys of MS-NLMP 4.2.4.4', () => {
    expect(sealKey(EXPORTED_KEY, 'client-to-server')).toEqual(hex('59f600973cc4960a25480a7c196e4c58'));
    expect(signKey(EXPORTED_KEY, 'client-to-server')).toEqual(hex('4788dc861b4782f35d43fd98fe1a2d39'));
  });

  it('have the checksum of MS-NLMP 4.2.4.4, but from the start of the key stream', () => {
    const plain = Buffer.from('Plaintext', 'utf16le');
    const signed = firstSignature(EXPORTED_KEY, 'client-to-server', plain);
    expect(signed.subarray(0, 4)).toEqual(hex('01000000'));
    expect(signed.subarray(12)).toEqual(hex('00000000'));
    // The example seals the message first, so its checksum stands 18 bytes further in the stream.
    const bare = rc4(sealKey(EXPORTED_KEY, 'client-to-server'), signed.subarray(4, 12));
    const sealed = rc4(sealKey(EXPORTED_KEY, 'client-to-server'), Buffer.concat([plain, bare]));
    expect(sealed).toEqual(hex('54e50165bf1936dc996020c1811b0f06fb5f' + '7fb38ec5c55d4976'));
  });

  it('are those of Windows over its list of mechanisms', () => {
    const { sessionKey } = SAMPLE_KEYS;
    expect(firstSignature(sessionKey, 'client-to-server', SAMPLE_MECH_TYPES)).toEqual(SAMPLE_MIC);
    const theirs = firstSignature(sessionKey, 'server-to-client', SAMPLE_MECH_TYPES);
    expect(parseToken(SAMPLE_FINAL_TOKEN).mechListMic).toEqual(theirs);
  });
});

describe('the MIC', () => {
  it('of Windows is made over the three messages, its own field zero', () => {
    const authenticate = Buffer.from(SAMPLE_AUTHENTICATE);
    const theirs = Buffer.from(authenticate.subarray(72, 88));
    authenticate.fill(0, 72, 88);
    expect(hmacMd5(SAMPLE_KEYS.sessionKey, SAMPLE_NEGOTIATE, SAMPLE_CHALLENGE, authenticate)).toEqual(theirs);
  });
});
