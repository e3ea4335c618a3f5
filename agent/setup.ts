/** «Refresh» and «Save Configuration»: looks at a file server before anything is set up, and writes settings and secrets. */
import os from 'node:os';
import type { SetupRequest } from '../api/setup.ts';
import type { ShareList, SharesRequest } from '../api/shares.ts';
import { Failure } from '../base/failure.ts';
import { printable } from '../base/human.ts';
import type { Settings } from '../settings/schema.ts';
import { type Secrets, writeSecrets } from '../settings/secrets.ts';
import { writeSettings } from '../settings/write.ts';
import { connect } from '../smb/index.ts';
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
 * The interface must be there with an address of its own, and the server must answer, take the password and have the shares, before a word of it
 * is written. Throws the Failure that says which not.
 */
export async function checkSetup(request: SetupRequest): Promise<void> {
  checkInterface(request.interface);
  const { main } = request;
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
}

/** Without an address of its own on that interface the standby can ask nobody by ARP, and so could never tell who is cut off. */
function checkInterface(name: string): void {
  const found = os.networkInterfaces();
  if (found[name]?.some((each) => each.family === 'IPv4') === true) return;
  const others = Object.keys(found).filter((each) =>
    found[each]?.some(({ family, internal }) => family === 'IPv4' && !internal),
  );
  throw new Failure({
    code: 'settings-invalid',
    doing: 'set up',
    subject: `the interface ${name}`,
    what: name in found ? 'it has no IPv4 address' : 'there is no interface of that name with an address',
    hint: others.length === 0 ? 'no interface of this box has an IPv4 address' : `this box has: ${others.join(', ')}`,
  });
}

/**
 * Writes the secrets first: settings without a password do no harm, and neither file is ever half written. Fields that the request does not
 * name keep what the file says.
 */
export function saveSetup(request: SetupRequest, places: Places, before: Secrets | undefined): Settings {
  const mailPassword = request.mail?.password ?? before?.mailPassword;
  writeSecrets(places.secretsFile, {
    mainPassword: request.main.password,
    ...(mailPassword === undefined ? {} : { mailPassword }),
  });
  const { password: _apart, ...main } = request.main;
  return writeSettings(places.settingsFile, {
    version: 1,
    main,
    interface: request.interface,
    shares: request.shares,
    ...(request.mirrorPath === undefined ? {} : { mirror: { path: request.mirrorPath } }),
    takeover: { mode: request.takeover, profile: request.profile, witnesses: request.witnesses },
    serve: { users: request.users.map((user) => user.name) },
    ...(request.mail === undefined ? {} : { mail: mailSettings(request.mail) }),
    state: places.state,
    run: places.run,
    secrets: places.secretsFile,
  });
}

function mailSettings(mail: NonNullable<SetupRequest['mail']>) {
  const { password: _apart, ...rest } = mail;
  return rest;
}
