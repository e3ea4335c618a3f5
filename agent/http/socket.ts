/**
 * The daemon's address: a unix socket whose permissions are the log-on (root, and the group `standby` where there is one).
 * It is made inside a folder that only we can enter, gets its owner and mode there, and is then moved to its name, so that
 * at no moment anybody else can open it, and the name leads to a socket that answers or to none.
 */
import fs from 'node:fs';
import type { Server } from 'node:http';
import net from 'node:net';
import path from 'node:path';
import { errnoOf, Failure, failureOf } from '../../base/failure.ts';
import { readIfThere } from '../../base/file.ts';

const GROUP = 'standby';
const SOCKET_MODE = 0o660;
/** A socket that neither accepts nor refuses within this belongs to somebody. */
const ANSWER_MS = 2_000;

/**
 * Lets the server listen at the path; returns what takes the socket away again. A stale socket is replaced. Throws a
 * Failure: already-running (somebody answers there), not-a-socket (never removed), or the errno.
 */
export async function listenAt(server: Server, file: string): Promise<() => void> {
  await requireFree(file);
  let inside: string;
  try {
    inside = fs.mkdtempSync(path.join(path.dirname(file), '.sock-'));
  } catch (error) {
    throw failureOf(error, 'make the socket', file, 'does the run folder exist?');
  }
  const temp = path.join(inside, 's');
  try {
    await listening(server, temp);
    if (process.geteuid?.() === 0) fs.chownSync(temp, 0, groupId(GROUP) ?? 0);
    fs.chmodSync(temp, SOCKET_MODE);
    fs.renameSync(temp, file);
  } catch (error) {
    server.close();
    throw failureOf(error, 'make the socket', file);
  } finally {
    fs.rmSync(inside, { recursive: true, force: true });
  }
  const ours = fs.lstatSync(file).ino;
  return () => {
    // A daemon that started after us may have put its own there.
    if (fs.lstatSync(file, { throwIfNoEntry: false })?.ino === ours) fs.unlinkSync(file);
  };
}

function listening(server: Server, file: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(file, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

async function requireFree(file: string): Promise<void> {
  const there = fs.lstatSync(file, { throwIfNoEntry: false });
  if (there === undefined) return;
  if (!there.isSocket()) {
    throw new Failure({
      code: 'not-a-socket',
      doing: 'make the socket',
      subject: file,
      what: 'something else has that name',
      hint: 'move it away, or choose another run folder in the settings',
    });
  }
  if (await somebodyAnswers(file)) {
    throw new Failure({
      code: 'already-running',
      doing: 'make the socket',
      subject: file,
      what: 'another standbyd answers on it',
      hint: 'there is one standbyd on a box; stop the other first',
    });
  }
}

/** Only a refused connection proves that a socket is stale; anything else counts as an answer. */
function somebodyAnswers(file: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect(file);
    const end = (answers: boolean): void => {
      socket.destroy();
      resolve(answers);
    };
    socket.setTimeout(ANSWER_MS, () => end(true));
    socket.on('connect', () => end(true));
    socket.on('error', (error) => end(!['ECONNREFUSED', 'ENOENT'].includes(errnoOf(error) ?? '')));
  });
}

/** The id of a group in /etc/group (group(5)), or undefined when it is not there. */
function groupId(name: string): number | undefined {
  const line = (readIfThere('/etc/group') ?? '').split('\n').find((entry) => entry.startsWith(`${name}:`));
  const id = Number(line?.split(':')[2]);
  return Number.isInteger(id) ? id : undefined;
}
