/** TREE_CONNECT (MS-SMB2 2.2.9, 2.2.10). */
import { checkBody, HEADER_BYTES } from './bytes.ts';
import { COMMAND, type Part } from './header.ts';

/** @param path `\\server\share` */
export function treeConnectRequest(path: string): Part {
  const name = Buffer.from(path, 'utf16le');
  const body = Buffer.alloc(8 + name.length);
  body.writeUInt16LE(9, 0);
  body.writeUInt16LE(HEADER_BYTES + 8, 4);
  body.writeUInt16LE(name.length, 6);
  name.copy(body, 8);
  return { command: COMMAND.treeConnect, body, charge: 1 };
}

export interface ConnectedTree {
  kind: 'disk' | 'pipe' | 'printer';
  /** SHAREFLAG_ENCRYPT_DATA: nothing of this share may travel in the clear. */
  encrypt: boolean;
}

const KINDS: readonly (ConnectedTree['kind'] | undefined)[] = [undefined, 'disk', 'pipe', 'printer'];
const SHAREFLAG_ENCRYPT_DATA = 0x8000;

/** Undefined for a kind of share that the protocol does not know. */
export function readConnectedTree(part: Buffer): ConnectedTree | undefined {
  checkBody(part, 16, 16, 'the answer to TREE_CONNECT');
  const kind = KINDS[part.readUInt8(HEADER_BYTES + 2)];
  if (kind === undefined) return undefined;
  return { kind, encrypt: (part.readUInt32LE(HEADER_BYTES + 4) & SHAREFLAG_ENCRYPT_DATA) !== 0 };
}
