/** The commands whose bodies carry nothing but, at most, a file id: ECHO, LOGOFF, TREE_DISCONNECT, CANCEL, FLUSH. */
import { COMMAND, type Part } from './header.ts';

/** Four bytes: StructureSize 4, reserved (MS-SMB2 2.2.7, 2.2.11, 2.2.28, 2.2.30). */
function empty(): Buffer {
  return Buffer.from([4, 0, 0, 0]);
}

export function echoRequest(): Part {
  return { command: COMMAND.echo, body: empty(), charge: 1 };
}

export function logoffRequest(): Part {
  return { command: COMMAND.logoff, body: empty(), charge: 1 };
}

export function treeDisconnectRequest(): Part {
  return { command: COMMAND.treeDisconnect, body: empty(), charge: 1 };
}

/** The body of CANCEL, which costs neither a credit nor a message id. */
export function cancelBody(): Buffer {
  return empty();
}

/** MS-SMB2 2.2.17: what was written goes to the disk before the answer. */
export function flushRequest(fileId: Buffer): Part {
  const body = Buffer.alloc(24);
  body.writeUInt16LE(24, 0);
  fileId.copy(body, 8);
  return { command: COMMAND.flush, body, charge: 1 };
}
