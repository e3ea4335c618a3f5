/** «Refresh» and «Save Configuration»: looks at a file server before anything is set up, and writes settings and secrets. */
import fs from 'node:fs';
import os from 'node:os';
import type { SetupRequest } from '../api/setup.ts';
import type { ShareList, SharesRequest } from '../api/shares.ts';
import { systemClock } from '../base/clock.ts';
import { Failure } from '../base/failure.ts';
import { readIfThere, writeWhole } from '../base/file.ts';
import { printable } from '../base/human.ts';
import { checkSettings } from '../settings/read.ts';
import type { Settings } from '../settings/schema.ts';
import { type Secrets, writeSecrets } from '../settings/secrets.ts';
import { requirementsOf } from '../settings/security.ts';
import { writeSettings } from '../settings/write.ts';
import { connect } from '../smb/index.ts';
import { openLogonsByHand } from '../smb/logon/by-hand.ts';
import type { LogonTurn, Requirements } from '../smb/types.ts';
import { checkFolders, checkPlace } from './fit.ts';
import { ledgerPlace } from './ledger.ts';
import { ensureAccount } from './takeover/accounts.ts';
import { unfitForConfig } from './takeover/samba-config.ts';

const CONNECT_LIMIT_MS = 5_000;
const REQUEST_LIMIT_MS = 10_000;

/** Where the files are before there are settings that say so. */
export interface Places {
  settingsFile: string;
  secretsFile: string;
  state: string;
  run: string;
}

const byHand = openLogonsByHand(systemClock, 'setup', Math.random);

/**
 * With the account of the main that is set up it takes its turn among the log-ons of the engine and the probes, and throws `unanswered`
 * or the last refusal where it could lock that account.
 * @param require undefined when it is only looked at, and nothing is to be trusted to it yet
 */
export async function listShares(
  request: SharesRequest,
  settingsFile: string,
  require?: Requirements,
): Promise<ShareList> {
  const connection = await connect({
    host: request.address,
    ...(request.port === undefined ? {} : { port: request.port }),
    connectTimeoutMs: CONNECT_LIMIT_MS,
    requestTimeoutMs: REQUEST_LIMIT_MS,
    require,
  });
  try {
    const { user, domain, password } = request;
    const session = await connection.logon({ user, domain, password }, turnFor(request, settingsFile));
    return { name: '', shares: await session.shares() };
  } finally {
    connection.close();
  }
}

function turnFor({ address, user, domain }: SharesRequest, settingsFile: string): LogonTurn | undefined {
  const settings = settingsBefore(settingsFile);
  if (settings === undefined) return undefined;
  const { main } = settings;
  const stored = { address: main.address, user: main.user, domain: main.domain, ...ledgerPlace(settings) };
  return byHand(stored, { address, account: { user, domain }, isStored: false });
}

/**
 * Everything must fit this box, and the server must answer, take the password and have the shares, before a word of it is written; the users'
 * accounts are made, since that may fail too. Throws the Failure that says what does not.
 */
export async function checkSetup(request: SetupRequest, settingsFile: string): Promise<void> {
  const { main } = request;
  checkPlace(request.interface, main.address, os.networkInterfaces());
  const { shares } = await listShares(
    {
      address: main.address,
      port: main.port,
      user: main.user,
      domain: main.domain,
      password: main.password,
    },
    settingsFile,
    requirementsOf(main, settingsBefore(settingsFile)?.main.require),
  );
  const disks = new Set(shares.filter((share) => share.kind === 'disk').map((share) => share.name.toLowerCase()));
  for (const name of request.shares) {
    if (!disks.has(name.toLowerCase())) {
      throw new Failure({
        code: 'bad-share',
        doing: 'set up',
        subject: printable(name),
        what: `${main.name} has no share of that name`,
        hint: `it has: ${shares.map((share) => printable(share.name)).join(', ')}`,
      });
    }
    const why = unfitForConfig(name);
    if (why !== undefined)
      throw new Failure({
        code: 'bad-name',
        doing: 'set up',
        subject: printable(name),
        what: `the standby cannot serve that name: it ${why}`,
      });
  }
  for (const user of request.users) await ensureAccount(user.name, 'user');
}

/** A set-up that is written, and how to take it back. */
export interface Saved {
  settings: Settings;
  /** Puts both files back as they were. */
  undo(): void;
}

/** The settings that there are; undefined when there are none that can be read. */
function settingsBefore(settingsFile: string): Settings | undefined {
  const text = readIfThere(settingsFile);
  const checked = text === undefined ? undefined : checkSettings(text);
  return checked?.kind === 'good' ? checked.settings : undefined;
}

/**
 * Writes the secrets first: settings without a password do no harm, and neither file is ever half written. Settings that are refused leave both files
 * as they were. What the request does not name keeps what the file says; so do the users when it names none. Mail is one thing and is replaced whole:
 * the account and the password of one mail server must not be sent to another.
 */
export function saveSetup(request: SetupRequest, places: Places, before: Secrets | undefined): Saved {
  const { password: _apart, dialect, encrypt, ...rest } = request.main;
  const main = {
    ...rest,
    ...(dialect === undefined ? {} : { dialect }),
    ...(encrypt === undefined ? {} : { encrypt }),
  };
  const change = {
    version: 1,
    main,
    interface: request.interface,
    shares: request.shares,
    ...(request.mirrorPath === undefined ? {} : { mirror: { path: request.mirrorPath } }),
    takeover: { mode: request.takeover, profile: request.profile, witnesses: request.witnesses },
    ...(request.users.length === 0 ? {} : { serve: { users: request.users.map((user) => user.name) } }),
    ...(request.mail === undefined ? {} : { mail: mailSettings(request.mail) }),
    state: places.state,
    run: places.run,
    secrets: places.secretsFile,
  } as const;
  const textBefore = readIfThere(places.settingsFile);
  const mailPassword =
    request.mail === undefined || isSameMailbox(request.mail, textBefore)
      ? (request.mail?.password ?? before?.mailPassword)
      : request.mail.password;
  const undo = (): void => {
    if (textBefore === undefined) fs.rmSync(places.settingsFile, { force: true });
    else writeWhole(places.settingsFile, textBefore, { mode: modeOf(places.settingsFile) });
    if (before === undefined) fs.rmSync(places.secretsFile, { force: true });
    else writeSecrets(places.secretsFile, before);
  };
  writeSecrets(places.secretsFile, {
    mainPassword: request.main.password,
    ...(mailPassword === undefined ? {} : { mailPassword }),
  });
  try {
    const settings = writeSettings(places.settingsFile, change);
    checkFolders(settings);
    return { settings, undo };
  } catch (error) {
    undo();
    throw error;
  }
}

function modeOf(file: string): number {
  return (fs.statSync(file, { throwIfNoEntry: false })?.mode ?? 0o644) & 0o777;
}

type Mail = NonNullable<SetupRequest['mail']>;

/** What the request leaves out is taken out of the file. */
function mailSettings({ server, port, security, user, from, to }: Mail) {
  return { server, port, security, user, from, to };
}

/** Whether the settings so far name the same account on the same mail server. */
function isSameMailbox(mail: Mail, textBefore: string | undefined): boolean {
  const checked = textBefore === undefined ? undefined : checkSettings(textBefore);
  const old = checked?.kind === 'good' ? checked.settings.mail : undefined;
  return old !== undefined && old.server.toLowerCase() === mail.server.toLowerCase() && old.user === mail.user;
}
