/** «Refresh» and «Save Configuration»: looks at a file server before anything is set up, and writes settings and secrets. */
import fs from 'node:fs';
import os from 'node:os';
import type { SetupRequest } from '../api/setup.ts';
import type { ShareList, SharesRequest } from '../api/shares.ts';
import { Failure } from '../base/failure.ts';
import { readIfThere, writeWhole } from '../base/file.ts';
import { printable } from '../base/human.ts';
import type { Settings } from '../settings/schema.ts';
import { type Secrets, writeSecrets } from '../settings/secrets.ts';
import { writeSettings } from '../settings/write.ts';
import { connect } from '../smb/index.ts';
import { checkFolders, checkPlace } from './fit.ts';
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

export async function listShares(request: SharesRequest): Promise<ShareList> {
  const connection = await connect({
    host: request.address,
    ...(request.port === undefined ? {} : { port: request.port }),
    connectTimeoutMs: CONNECT_LIMIT_MS,
    requestTimeoutMs: REQUEST_LIMIT_MS,
  });
  try {
    const session = await connection.logon({ user: request.user, domain: request.domain, password: request.password });
    return { name: '', shares: await session.shares() };
  } finally {
    connection.close();
  }
}

/**
 * Everything must fit this box, and the server must answer, take the password and have the shares, before a word of it is written; the users'
 * accounts are made, since that may fail too. Throws the Failure that says what does not.
 */
export async function checkSetup(request: SetupRequest): Promise<void> {
  const { main } = request;
  checkPlace(request.interface, main.address, os.networkInterfaces());
  const { shares } = await listShares({
    address: main.address,
    port: main.port,
    user: main.user,
    domain: main.domain,
    password: main.password,
  });
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

/**
 * Writes the secrets first: settings without a password do no harm, and neither file is ever half written. Settings that are refused leave both files
 * as they were. What the request does not name keeps what the file says; so do the users when it names none.
 */
export function saveSetup(request: SetupRequest, places: Places, before: Secrets | undefined): Settings {
  const { password: _apart, ...main } = request.main;
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
  const mailPassword = request.mail?.password ?? before?.mailPassword;
  writeSecrets(places.secretsFile, {
    mainPassword: request.main.password,
    ...(mailPassword === undefined ? {} : { mailPassword }),
  });
  try {
    const settings = writeSettings(places.settingsFile, change);
    checkFolders(settings);
    return settings;
  } catch (error) {
    if (textBefore === undefined) fs.rmSync(places.settingsFile, { force: true });
    else writeWhole(places.settingsFile, textBefore, { mode: fs.statSync(places.settingsFile).mode & 0o777 });
    if (before === undefined) fs.rmSync(places.secretsFile, { force: true });
    else writeSecrets(places.secretsFile, before);
    throw error;
  }
}

function mailSettings(mail: NonNullable<SetupRequest['mail']>) {
  const { password: _apart, ...rest } = mail;
  return rest;
}
