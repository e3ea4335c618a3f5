/** Tokens against those of a published logon between two Windows machines, and against hostile bytes. */
import { describe, expect, it } from 'vitest';
import { feedHostile } from '../hostile.fake.ts';
import { der, TAG } from './der.ts';
import {
  SAMPLE_AUTHENTICATE,
  SAMPLE_CHALLENGE,
  SAMPLE_CHALLENGE_TOKEN,
  SAMPLE_FINAL_TOKEN,
  SAMPLE_FIRST_TOKEN,
  SAMPLE_LAST_TOKEN,
  SAMPLE_MECH_TYPES,
  SAMPLE_MIC,
  SAMPLE_NEGOTIATE,
} from './logon-sample.ts';
import { firstToken, lastToken, parseToken } from './spnego.ts';

const hex = (text: string): Buffer => Buffer.from(text, 'hex');
const NOTHING = { state: undefined, responseToken: undefined, mechListMic: undefined };

/** A NegTokenResp with these fields. */
const answer = (...fields: Buffer[]): Buffer => der(TAG.context(1), der(TAG.sequence, ...fields));
const state = (value: string): Buffer => der(TAG.context(0), der(TAG.enumerated, hex(value)));

describe('tokens that go out', () => {
  it('are byte for byte those of Windows', () => {
    expect(firstToken(SAMPLE_NEGOTIATE)).toEqual({ token: SAMPLE_FIRST_TOKEN, mechTypes: SAMPLE_MECH_TYPES });
    expect(lastToken(SAMPLE_AUTHENTICATE, SAMPLE_MIC)).toEqual(SAMPLE_LAST_TOKEN);
  });
});

describe('parseToken', () => {
  it('finds the challenge of Windows, without anything around it', () => {
    expect(parseToken(SAMPLE_CHALLENGE_TOKEN)).toEqual({
      state: 'incomplete',
      responseToken: SAMPLE_CHALLENGE,
      mechListMic: undefined,
    });
  });

  it('reads the final answer of Windows', () => {
    expect(parseToken(SAMPLE_FINAL_TOKEN)).toEqual({
      state: 'completed',
      responseToken: undefined,
      mechListMic: hex('010000003B453CDC3524164200000000'),
    });
  });

  it.each([
    ['no token at all', Buffer.alloc(0), {}],
    ['no fields', answer(), {}],
    ['accept-completed', answer(state('00')), { state: 'completed' }],
    ['reject', answer(state('02')), { state: 'rejected' }],
    ['request-mic', answer(state('03')), { state: 'incomplete' }],
    ['an empty response token', answer(der(TAG.context(2), der(TAG.octetString))), { responseToken: Buffer.alloc(0) }],
  ])('reads an answer: %s', (_remark, token, expected) => {
    expect(parseToken(token)).toEqual({ ...NOTHING, ...expected });
  });

  it('calls it not-supported when the server wants another mechanism', () => {
    const kerberos = der(TAG.context(1), der(TAG.objectId, hex('2a864886f712010202')));
    expect(() => parseToken(answer(state('01'), kerberos))).toThrow(expect.objectContaining({ code: 'not-supported' }));
  });

  it.each([
    ['a token of a client', SAMPLE_FIRST_TOKEN],
    ['an unknown state', answer(state('04'))],
    ['a state of two bytes', answer(state('0000'))],
    ['a field twice', answer(state('00'), state('00'))],
    ['fields out of order', answer(der(TAG.context(3), der(TAG.octetString)), state('00'))],
    ['an unknown field', answer(der(TAG.context(4), der(TAG.octetString)))],
    ['a field without a number', answer(der(TAG.octetString))],
    ['something behind it', Buffer.concat([SAMPLE_FINAL_TOKEN, Buffer.alloc(1)])],
    ['NTLM without SPNEGO', SAMPLE_CHALLENGE],
  ])('calls an answer malformed: %s', (_remark, token) => {
    expect(() => parseToken(token)).toThrow(expect.objectContaining({ code: 'malformed' }));
  });

  it('answers hostile bytes with a Failure', () => {
    feedHostile([SAMPLE_CHALLENGE_TOKEN, SAMPLE_FINAL_TOKEN], ['malformed', 'not-supported'], parseToken);
  });
});
