/**
 * The settings, said once: this schema gives the types, the defaults, the checks and the JSON schema for editors.
 * After reading, durations are milliseconds (`…Ms`) and sizes bytes (`…Bytes`). The descriptions are what people read
 * beside a field in an editor and as the hint of an error.
 */
import { z } from 'zod';
import { DEFAULT_EXCLUDES, exclude } from './excludes.ts';
import {
  accountName,
  computerName,
  domainName,
  duration,
  folderPath,
  hostName,
  interfaceName,
  ipv4,
  mailAddress,
  port,
  shareName,
  size,
  uniqueList,
  unixAccount,
} from './fields.ts';
import { limits } from './limits.ts';
import { requirementsOf, securityFields } from './security.ts';
import { patienceOf, profiles } from './timings.ts';

export const DEFAULT_SETTINGS_FILE = '/etc/standby/standby.yaml';

const SECOND_MS = 1_000;
const HOUR_MS = 3_600_000;

const main = z
  .strictObject({
    name: computerName.describe('the name of the main as people know it, at most 15 letters, for example FILESRV'),
    address: ipv4.describe('the IPv4 address that clients use for the main, for example 192.168.1.10'),
    port: port.default(445).describe('the TCP port of SMB on the main'),
    user: accountName.describe('the account on the main that may read all shares, without its domain'),
    domain: domainName.default('').describe('the domain of that account; empty on a workgroup server'),
    ...securityFields,
  })
  .superRefine((value, context) => {
    if (value.encrypt === 'always' && value.dialect === 'SMB210')
      context.addIssue({
        code: 'custom',
        path: ['encrypt'],
        message: 'needs dialect SMB300 or later: SMB 2.1 cannot encrypt',
      });
  })
  .transform(({ dialect, encrypt, ...rest }) => ({ ...rest, require: requirementsOf({ dialect, encrypt }) }));

const mirror = z
  .strictObject({
    path: folderPath().default('/srv/standby').describe('the folder for the mirror, one sub-folder for each share'),
    passEvery: duration(60 * SECOND_MS, 30 * 24 * HOUR_MS)
      .prefault('6h')
      .describe('how often everything is compared anew, for example 6h'),
    reserve: size(100e6, 1e15)
      .prefault('1GB')
      .describe('what must stay free on the disk of the mirror, for example 1GB'),
    scrubEvery: duration(SECOND_MS, 366 * 24 * HOUR_MS)
      .prefault('24h')
      .describe(
        'how often at most the content of everything is compared with the main in the background, for example 24h',
      ),
    excludes: uniqueList(exclude, 100)
      .default(DEFAULT_EXCLUDES)
      .describe('names that are not mirrored, with * and ?; a / at the beginning: only in the root of a share'),
  })
  .transform(({ passEvery, reserve, scrubEvery, ...rest }) => ({
    ...rest,
    passEveryMs: passEvery,
    reserveBytes: reserve,
    scrubEveryMs: scrubEvery,
  }));

const patience = duration(100, HOUR_MS);

const takeover = z
  .strictObject({
    mode: z
      .enum(['automatic', 'manual'])
      .default('automatic')
      .describe('automatic: the standby takes over by itself; manual: it mails and waits for you'),
    profile: z
      .enum(profiles)
      .default('default')
      .describe('default: patient with a service restart; fast: takes over after 0.3 s'),
    patience: z
      .strictObject({
        refused: patience.optional().describe('how long a main may refuse connections, for example 10s'),
        silent: patience.optional().describe('how long a main may be silent, for example 3s'),
        frozen: patience.optional().describe('how long a main may accept connections and not answer, for example 5s'),
      })
      .prefault({})
      .describe('how long each kind of failure is borne; the profile decides what is left out'),
    witnesses: uniqueList(ipv4, 16)
      .default([])
      .describe(
        'addresses of other devices whose answer proves that the standby itself is on the network, for example [192.168.1.1]',
      ),
  })
  .transform(({ patience: own, ...rest }) => {
    const usual = patienceOf(rest.profile);
    return {
      ...rest,
      patienceMs: {
        refused: own.refused ?? usual.refused,
        silent: own.silent ?? usual.silent,
        frozen: own.frozen ?? usual.frozen,
      },
    };
  });

const serve = z
  .strictObject({
    port: port
      .default(4450)
      .describe('the port on which the standby’s own Samba waits; not 445, which a Samba of this box may use'),
    workgroup: computerName.default('WORKGROUP').describe('the workgroup that the standby shows'),
    name: computerName.optional().describe('the name that the standby shows; the name of the main when left out'),
    users: uniqueList(unixAccount, 1_000)
      .default([])
      .describe('accounts of this box that may log on while it stands in, for example [alice, bob]'),
  })
  .superRefine((value, context) => {
    // Two smbds on port 445 start without an error, and the kernel splits the connections between them.
    if (value.port === 445) context.addIssue({ code: 'custom', path: ['port'], message: 'must not be 445' });
  });

const MAIL_PORTS = { none: 25, starttls: 587, tls: 465 } as const;

const mail = z
  .strictObject({
    server: hostName.describe('the mail server, for example mail.example.com'),
    security: z
      .enum(['none', 'starttls', 'tls'])
      .default('starttls')
      .describe('starttls: port 587; tls: port 465; none: port 25, readable on the way'),
    port: port.optional().describe('the port of the mail server; 587, 465 or 25 when left out, as security says'),
    user: accountName
      .optional()
      .describe('the account on the mail server, when it wants one; its password is a secret'),
    from: mailAddress.describe('the sender, for example standby@example.com'),
    to: uniqueList(mailAddress, 20).min(1).describe('who is told, for example [admin@example.com]'),
  })
  .superRefine((value, context) => {
    if (value.user !== undefined && value.security === 'none')
      context.addIssue({
        code: 'custom',
        path: ['user'],
        message: 'needs security starttls or tls, or its password could be read on the way',
      });
  })
  .transform((value) => ({ ...value, port: value.port ?? MAIL_PORTS[value.security] }));

const log = z.strictObject({
  format: z.enum(['human', 'json']).default('human').describe('human: sentences; json: one object a line'),
  level: z
    .enum(['debug', 'info', 'notice', 'warning', 'error', 'critical'])
    .default('info')
    .describe('the least important lines that are still written'),
});

/** Fields that contradict each other across groups; looked at even when other fields are wrong, so that everything is told at once. */
const addressed = z.object({
  main: z.object({ address: z.string() }),
  takeover: z.object({ witnesses: z.array(z.string()) }),
});

export const settingsSchema = z
  .strictObject({
    version: z.literal(1).describe('the form of this file: 1'),
    main: main.describe('the file server that is stood by for'),
    interface: interfaceName.describe('the network interface of this box that takes the address, for example eth0'),
    shares: uniqueList(shareName, 1_000).default([]).describe('the shares to mirror, for example [Projects, Accounts]'),
    mirror: mirror.prefault({}).describe('where the mirror is'),
    limit: limits
      .default([])
      .describe(
        'how fast the mirror may read from the main at which hours, for example [{rate: 20mbit, hours: 08-18}]',
      ),
    takeover: takeover.prefault({}).describe('when to take over'),
    serve: serve.prefault({}).describe('how the standby serves'),
    mail: mail.optional().describe('whom to tell; nobody when left out'),
    log: log.prefault({}).describe('the log'),
    state: folderPath().default('/var/lib/standby').describe('the folder for what must outlive a restart'),
    // The sockets in it have at most 107 letters (unix(7)).
    run: folderPath(80).default('/run/standby').describe('the folder for sockets'),
    secrets: folderPath()
      .default('/etc/standby/secrets.yaml')
      .describe('the file with the passwords, readable by its owner only'),
  })
  .superRefine(
    (value, context) => {
      const seen = addressed.safeParse(value);
      if (!seen.success) return;
      seen.data.takeover.witnesses.forEach((witness, index) => {
        if (witness === seen.data.main.address)
          context.addIssue({ code: 'custom', path: ['takeover', 'witnesses', index], message: 'is the main itself' });
      });
    },
    { when: () => true },
  )
  .transform((value) => ({ ...value, serve: { ...value.serve, name: value.serve.name ?? value.main.name } }));

/** The settings as the program uses them. */
export type Settings = z.output<typeof settingsSchema>;
export type MailSettings = NonNullable<Settings['mail']>;
/** The settings as they stand in the file. */
export type SettingsText = z.input<typeof settingsSchema>;

/** A JSON schema (draft 2020-12) of the file, for editors that know YAML. */
export function settingsJsonSchema(): Record<string, unknown> {
  return { ...z.toJSONSchema(settingsSchema, { io: 'input' }), title: 'Standby Server settings' };
}
