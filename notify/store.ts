/**
 * The queue on disk: a folder with one JSON file per mail, written whole and readable by its owner only, named by time so that the oldest
 * comes first; and the storm window. What cannot be understood is set aside once, and never stops the others.
 */
import fs from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { failureOf } from '../base/failure.ts';
import { readIfThere, syncFolder, writeWhole } from '../base/file.ts';

const alert = z.object({
  code: z.string(),
  subject: z.string(),
  text: z.string(),
  why: z.string().exactOptional(),
  next: z.string(),
  details: z.array(z.string()).exactOptional(),
});

const storedMail = z.object({
  /** Also the left part of its Message-ID: the same for every attempt, so that a mail system can see a repetition. */
  id: z.string().regex(/^[a-z0-9-]{1,64}$/u),
  /** Wall time of the alert. */
  wallMs: z.number(),
  alert,
});
export type StoredMail = z.output<typeof storedMail>;

const storedWindow = z.object({
  startMs: z.number(),
  mailed: z.number(),
  // A window of an older program has none: each kind may be mailed once more.
  codes: z.array(z.string()).default([]),
  held: z.number(),
  lines: z.array(z.string()),
});
type StoredWindow = z.output<typeof storedWindow>;

export interface Store {
  /** Durable when it returns. Throws a Failure. */
  put(mail: StoredMail): void;
  remove(mail: StoredMail): void;
  /** Oldest first. `unreadable` are files that were set aside just now. */
  list(): { mails: StoredMail[]; unreadable: string[] };
  /** How many there are, none of them read. Throws a Failure. */
  count(): number;
  /** Undefined when none is open, or when it cannot be understood. */
  readWindow(): StoredWindow | undefined;
  writeWindow(window: StoredWindow | undefined): void;
}

const MAIL_FILE = /^\d{15}-[a-z0-9-]{1,64}\.json$/u;

/** Makes the folder (mode 0700) when there is none. Throws a Failure. */
export function openStore(folder: string): Store {
  try {
    fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
    // Left by a power cut while a mail was written; its caller was never told that it is safe.
    for (const name of fs.readdirSync(folder)) if (name.endsWith('.new')) fs.rmSync(path.join(folder, name));
  } catch (error) {
    throw failureOf(error, 'open mail queue', folder);
  }
  const fileOf = (mail: StoredMail): string =>
    path.join(folder, `${String(Math.max(0, Math.trunc(mail.wallMs))).padStart(15, '0')}-${mail.id}.json`);
  const windowFile = path.join(folder, 'window');
  return {
    put: (mail) => writeWhole(fileOf(mail), JSON.stringify(mail)),
    remove: (mail) => remove(folder, fileOf(mail)),
    list: () => list(folder),
    count: () => mailFiles(folder).length,
    readWindow: () => {
      const text = readIfThere(windowFile);
      return text === undefined ? undefined : parsed(storedWindow, text);
    },
    writeWindow: (window) => {
      if (window === undefined) remove(folder, windowFile);
      else writeWhole(windowFile, JSON.stringify(window));
    },
  };
}

function remove(folder: string, file: string): void {
  try {
    fs.rmSync(file, { force: true });
    syncFolder(folder);
  } catch (error) {
    throw failureOf(error, 'remove', file);
  }
}

function mailFiles(folder: string): string[] {
  try {
    return fs.readdirSync(folder).filter((name) => MAIL_FILE.test(name));
  } catch (error) {
    throw failureOf(error, 'read mail queue', folder);
  }
}

function list(folder: string): { mails: StoredMail[]; unreadable: string[] } {
  const mails: StoredMail[] = [];
  const unreadable: string[] = [];
  try {
    for (const name of mailFiles(folder).sort()) {
      const file = path.join(folder, name);
      const mail = parsed(storedMail, fs.readFileSync(file, 'utf8'));
      if (mail === undefined) {
        fs.renameSync(file, `${file}.unreadable`);
        unreadable.push(`${file}.unreadable`);
      } else {
        mails.push(mail);
      }
    }
  } catch (error) {
    throw failureOf(error, 'read mail queue', folder);
  }
  return { mails, unreadable };
}

function parsed<Output>(schema: z.ZodType<Output>, text: string): Output | undefined {
  try {
    return schema.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}
