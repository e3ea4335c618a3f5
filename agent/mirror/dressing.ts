/**
 * What a file or directory of the main has beside content, times and attributes, in the form in which our smbd reads it: which
 * extended attributes of the local file hold it, and what of it cannot be kept. Pure.
 *
 *   access rules         security.NTACL               vfs_acl_xattr (nt-acl.ts)
 *   a stream             user.DosStream.NAME:$DATA    vfs_streams_xattr: its bytes and one NUL
 *   an extended attr.    user.NAME                    `ea support`; its name in Samba's `dos charset`, CP850 unless told
 *
 * The main is not trusted: an extended attribute named «DOSATTRIB» or «DosStream.x» would be taken for something else here.
 */
import { isFailure } from '../../base/failure.ts';
import { printable } from '../../base/human.ts';
import type { ExtendedAttribute } from '../../smb/types.ts';
import { NT_ACL_NAME, ntAcl } from './nt-acl.ts';

/** Linux: no extended attribute is larger (XATTR_SIZE_MAX), no name longer (XATTR_NAME_MAX). */
const VALUE_LIMIT_BYTES = 65_536;
const NAME_LIMIT_BYTES = 255;
/** The largest stream that fits with its NUL. */
export const STREAM_LIMIT_BYTES = VALUE_LIMIT_BYTES - 1;

export const STREAM_PREFIX = 'user.DosStream.';
const STREAM_TYPE = ':$DATA';
export const EXTENDED_PREFIX = 'user.';

/** What Samba keeps for itself in `user.` (samba_private_attr_name), compared without case. */
const PRIVATE = /^(?:dosattrib|dosstream\..*|samba_pai|org\.netatalk\..*|samba\..*)$/iu;

/** One extended attribute of the local file. */
export interface Piece {
  name: string;
  value: Buffer;
  /** How much the main has of it. */
  bytes: number;
  /** As people call it: «the stream Zone.Identifier». */
  what: string;
}

/** What belongs to an object, as far as the main told it. Undefined is what it did not tell: then what is here stays as it is. */
export interface Dressing {
  security: Buffer | undefined;
  streams: readonly { name: string; data: Buffer }[] | undefined;
  extended: readonly ExtendedAttribute[] | undefined;
  /** What is lost already, for people. */
  lost: readonly string[];
  /** The main may tell it another time without anything having changed there. */
  again: boolean;
}

/** The smallest first: where room is short most of them fit. The access rules come before all others. */
export function piecesOf(dressing: Dressing): { pieces: Piece[]; lost: string[] } {
  const lost: string[] = [...dressing.lost];
  const pieces: Piece[] = [];
  for (const stream of dressing.streams ?? []) {
    const what = `the stream ${printable(stream.name)}`;
    const value = Buffer.concat([stream.data, Buffer.alloc(1)]);
    const bytes = stream.data.length;
    addPiece(pieces, lost, { name: `${STREAM_PREFIX}${stream.name}${STREAM_TYPE}`, value, bytes, what });
  }
  for (const { name, value } of dressing.extended ?? []) {
    const what = `the extended attribute ${printable(name)}`;
    if (PRIVATE.test(name)) lost.push(`${what}: Samba uses this name for itself`);
    else
      addPiece(pieces, lost, { name: `${EXTENDED_PREFIX}${fromDosCharset(name)}`, value, bytes: value.length, what });
  }
  pieces.sort((a, b) => a.value.length - b.value.length);
  const rules = rulesPiece(dressing.security, lost);
  return { pieces: rules === undefined ? pieces : [rules, ...pieces], lost };
}

function rulesPiece(security: Buffer | undefined, lost: string[]): Piece | undefined {
  if (security === undefined) return undefined;
  try {
    return { name: NT_ACL_NAME, value: ntAcl(security), bytes: security.length, what: 'its access rules' };
  } catch (error) {
    if (!isFailure(error)) throw error;
    lost.push(`its access rules: ${error.what}`);
    return undefined;
  }
}

function addPiece(pieces: Piece[], lost: string[], piece: Piece): void {
  const nameBytes = Buffer.byteLength(piece.name);
  if (nameBytes > NAME_LIMIT_BYTES)
    lost.push(`${piece.what}: its name takes ${nameBytes} bytes here, ${NAME_LIMIT_BYTES} fit`);
  else if (piece.value.length > VALUE_LIMIT_BYTES) lost.push(tooLarge(piece.what, piece.bytes));
  else pieces.push(piece);
}

/** @param bytes what it takes */
export function tooLarge(what: string, bytes: number): string {
  return `${what}: it has ${bytes} bytes, and no file here can hold more than ${STREAM_LIMIT_BYTES}`;
}

/** Whether an extended attribute of a local file is one that a dressing like this decides about. */
export function isDecided(name: string, dressing: Dressing): boolean {
  if (name.startsWith(STREAM_PREFIX)) return dressing.streams !== undefined;
  if (!name.startsWith(EXTENDED_PREFIX)) return false;
  return dressing.extended !== undefined && !PRIVATE.test(name.slice(EXTENDED_PREFIX.length));
}

/** Bytes 0x80 to 0xff of CP850. */
const CP850 =
  'ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜø£Ø×ƒáíóúñÑªº¿®¬½¼¡«»░▒▓│┤ÁÂÀ©╣║╗╝¢¥┐└┴┬├─┼ãÃ╚╔╩╦╠═╬¤ðÐÊËÈıÍÎÏ┘┌█▄¦Ì▀ÓßÔÒõÕµþÞÚÛÙýÝ¯´\u00ad±‗¾¶§÷¸°¨·¹³²■\u00a0';

/** A name of single bytes, as smbd spells it in UTF-8. */
function fromDosCharset(name: string): string {
  return name.replace(/[\x80-\xff]/gu, (byte) => CP850[byte.charCodeAt(0) - 0x80] ?? byte);
}
