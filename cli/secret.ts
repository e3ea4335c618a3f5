/**
 * Passwords reach the program from a prompt without echo, from a file that only its owner reads, or from standard input:
 * never from the command line or the environment, which every user of the box can read in /proc.
 */
import fs from 'node:fs';
import { Failure } from '../base/failure.ts';
import type { Screen } from './screen.ts';
import { typeLine } from './typing.ts';
import { unreadable, usage } from './usage.ts';

/** Bytes of a file or of standard input that can hold a password. */
const SECRET_LIMIT = 4_096;

export interface SecretSource {
  passwordFile?: string | undefined;
  passwordStdin?: boolean | undefined;
}

/** The password from the named source, else typed. Throws a Failure `usage` when there is neither a source nor a terminal. */
export async function obtainPassword(source: SecretSource, question: string, screen: Screen): Promise<string> {
  if (source.passwordFile !== undefined && source.passwordStdin === true) {
    throw usage('--password-file and --password-stdin exclude each other');
  }
  if (source.passwordFile !== undefined) return passwordFromFile(source.passwordFile);
  if (source.passwordStdin === true) return passwordOf(await readStdin(SECRET_LIMIT), 'standard input');
  if (!screen.canAsk) {
    throw usage('there is no terminal to ask for the password on', 'use --password-file FILE or --password-stdin');
  }
  return typeLine(question, { echo: false });
}

/** The password in a file. Throws a Failure `usage` when others may read it, or it holds none. */
export function passwordFromFile(file: string): string {
  return passwordOf(readSecretFile(file), file);
}

/** The text of a small file, or pipe. Throws a Failure `usage` when others may read it, it cannot be read, or it is too long: a password that was cut off would be tried, and be wrong. */
export function readSecretFile(file: string): string {
  try {
    const fd = fs.openSync(file, 'r');
    try {
      if ((fs.fstatSync(fd).mode & 0o077) !== 0) throw unfit(file, 'others may read it', `run: chmod 600 ${file}`);
      const room = Buffer.alloc(SECRET_LIMIT + 1);
      let length = 0;
      // A pipe gives what was written to it piece by piece.
      for (let got = -1; got !== 0 && length < room.length; length += got)
        got = fs.readSync(fd, room, length, room.length - length, null);
      if (length > SECRET_LIMIT)
        throw unfit(file, `it holds more than ${SECRET_LIMIT} bytes`, 'leave nothing in it but the account');
      return room.toString('utf8', 0, length);
    } finally {
      fs.closeSync(fd);
    }
  } catch (error) {
    throw unreadable(error, file);
  }
}

function unfit(subject: string, what: string, hint: string): Failure {
  return new Failure({ code: 'usage', doing: 'read password file', subject, what, hint });
}

/** All of standard input as text. Throws a Failure `usage` when it exceeds the limit. */
export async function readStdin(limitBytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of process.stdin) {
    const bytes = Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk));
    size += bytes.length;
    if (size > limitBytes) throw usage(`standard input holds more than ${limitBytes} bytes`);
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** One line, without its end. */
function passwordOf(text: string, where: string): string {
  const line = text.replace(/\r?\n$/, '');
  if (line === '') throw usage(`there is no password in ${where}`);
  if (line.includes('\n') || line.length > SECRET_LIMIT) throw usage(`${where} must hold one line, the password`);
  return line;
}
