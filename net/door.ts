/**
 * The unix socket where standbyd knocks: mode 0600 in a folder that only its owner can write to, one client at a time.
 *
 * A second connection replaces the first only when the first has been silent for SILENT_MS: a standbyd that was restarted finds
 * the old connection closed by the kernel, and one that was started while another lives must not steal the orders of
 * the living. Until then the newcomer is turned away and tries again.
 */
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { type Channel, openChannel } from '../base/channel.ts';
import type { Clock } from '../base/clock.ts';
import { Failure, failureOf } from '../base/failure.ts';
import { type FileLock, lockFile } from '../base/lock.ts';
import { type FromNet, type ToNet, toNet } from './messages.ts';

/** Four beats missed. */
export const SILENT_MS = 2_000;

export interface DoorEvents {
  /** A client is let in; what it must hear first. */
  greeting(): FromNet;
  message(message: ToNet): void;
}

export interface Door {
  /** To the present client; with none, nobody hears it. */
  send(message: FromNet): void;
  /** When a client was last heard, monotonic milliseconds; at first the time of opening. */
  readonly heardMs: number;
  close(): void;
}

export function socketPath(runFolder: string): string {
  return path.join(runFolder, 'net.sock');
}

export function lockPath(runFolder: string): string {
  return path.join(runFolder, 'net.lock');
}

/**
 * Makes sure that we are the only one. A lock that the kernel ends with the process: a process id in a file could be stale, and
 * an abstract socket could be occupied by any account of this host.
 * Throws `already-running` when another network process has the folder, `insecure-folder` when others may write to it.
 */
export function lockRunFolder(runFolder: string): FileLock {
  checkFolder(runFolder);
  const lock = lockFile(lockPath(runFolder));
  if (lock !== undefined) return lock;
  throw new Failure({
    code: 'already-running',
    doing: 'start the network process in',
    subject: runFolder,
    what: 'another one is running there',
    hint: 'two must never hold addresses at once; the other one ends by itself when no standbyd speaks to it',
  });
}

/** Opens the door; the caller has the lock, so a socket that lies there belongs to nobody alive. */
export async function openDoor(runFolder: string, clock: Clock, events: DoorEvents): Promise<Door> {
  let client: Channel<FromNet> | undefined;
  let heardMs = clock.monoMs();
  const server = net.createServer((socket) => {
    if (client?.open === true && clock.monoMs() - heardMs < SILENT_MS) {
      socket.destroy();
      return;
    }
    client?.close();
    heardMs = clock.monoMs();
    const channel = openChannel<ToNet, FromNet>(socket, toNet.parse, {
      message(message) {
        heardMs = clock.monoMs();
        events.message(message);
      },
      closed() {
        if (client === channel) client = undefined;
      },
    });
    client = channel;
    channel.send(events.greeting());
  });
  await listen(server, socketPath(runFolder));
  return {
    send(message) {
      if (client?.open === true) client.send(message);
    },
    get heardMs() {
      return heardMs;
    },
    close() {
      client?.close();
      server.close();
    },
  };
}

function checkFolder(folder: string): void {
  let stat: fs.Stats;
  try {
    stat = fs.lstatSync(folder);
  } catch (error) {
    throw failureOf(error, 'open run folder', folder);
  }
  if (stat.isDirectory() && stat.uid === process.geteuid?.() && (stat.mode & 0o022) === 0) return;
  throw new Failure({
    code: 'insecure-folder',
    doing: 'open run folder',
    subject: folder,
    what: 'it is no folder of ours, or others may write to it',
    hint: `chown root ${folder}; chmod 0750 ${folder}`,
  });
}

function listen(server: net.Server, file: string): Promise<void> {
  return new Promise((resolve, reject) => {
    fs.rmSync(file, { force: true });
    server.once('error', (error) => reject(failureOf(error, 'listen on', file)));
    // The socket must never exist with wider rights, not even for a moment.
    const before = process.umask(0o177);
    server.listen(file, resolve);
    process.umask(before);
  });
}
