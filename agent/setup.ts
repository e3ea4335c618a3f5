/** «Refresh» and «Save Configuration»: looks at a file server before anything is set up, and writes settings and secrets. */
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

/** The server must answer, take the password and have the shares, before a word of it is written. Throws the Failure that says which not. */
export async function checkSetup(request: SetupRequest): Promise<void> {
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
