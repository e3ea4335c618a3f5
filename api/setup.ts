/** «Save Configuration»: everything the standby must know. The daemon writes the settings file and, apart from it, the secrets. */
import { z } from 'zod';
import {
  account,
  dialect,
  domain,
  encrypt,
  folder,
  host,
  interfaceName,
  ipv4,
  mailAddress,
  mainName,
  password,
  port,
  shareName,
} from './words.ts';

/** Accounts are kept in small letters; users may type theirs in any case. */
const serveUser = z.strictObject({ name: account.toLowerCase(), password });

export const mailRequest = z.strictObject({
  server: host,
  /** Absent: the usual one of `security`. */
  port: port.optional(),
  /** none: plain; starttls: demanded after connecting; tls: from the first byte. */
  security: z.enum(['none', 'starttls', 'tls']).default('starttls'),
  from: mailAddress,
  to: z.array(mailAddress).min(1).max(20),
  user: account.optional(),
  password: password.optional(),
});

export const setupRequest = z.strictObject({
  main: z.strictObject({
    name: mainName,
    address: ipv4,
    port: port.default(445),
    user: account,
    domain: domain.default(''),
    password,
    /** Absent: as the settings say, SMB300 unless they do. */
    dialect: dialect.optional(),
    /** Absent: as the settings say, when-demanded unless they do. */
    encrypt: encrypt.optional(),
  }),
  /** The interface that will carry the main's address. */
  interface: interfaceName,
  /** Folder for the mirror, one sub-folder per share; absent: the usual one. */
  mirrorPath: folder.optional(),
  shares: z.array(shareName).min(1, 'must name at least one share').max(1_000),
  takeover: z.enum(['automatic', 'manual']).default('automatic'),
  /** default: outlasts a restart of the server's service; fast: acts within a second. */
  profile: z.enum(['default', 'fast']).default('default'),
  /** Other addresses whose answer proves that the standby is not cut off; the gateway is added by itself. */
  witnesses: z.array(ipv4).max(16).default([]),
  /** Who may log on while the standby serves: Unix accounts of the standby, with the passwords their users know. */
  users: z.array(serveUser).max(1_000).default([]),
  mail: mailRequest.optional(),
});
export type SetupRequest = z.infer<typeof setupRequest>;
/** As typed: what has a default may be missing. */
export type SetupInput = z.input<typeof setupRequest>;

export const userRequest = serveUser;
export type UserRequest = z.infer<typeof userRequest>;
