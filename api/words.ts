/** The kinds of text that requests carry, with their limits: everything that comes in is bounded before anyone looks at it. */
import { z } from 'zod';

/** No control characters: they would forge lines in logs, settings and terminals. */
const plain = /^[^\p{Cc}\p{Cs}]*$/u;

/** What users type after «\\»: a NetBIOS name, also what dangerous commands want typed. */
export const mainName = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9_-]{0,14}$/,
    'must be 1 to 15 letters, digits, «-» or «_», and begin with a letter or digit',
  );

export const ipv4 = z.ipv4('must be an IPv4 address like 192.168.10.20');

/** An address or a name that resolves to one. */
export const host = z
  .string()
  .max(253, 'must not be longer than 253 characters')
  .regex(/^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$/, 'must be an address or a host name');

export const port = z.number().int().min(1).max(65_535);

export const account = z
  .string()
  .min(1, 'must not be empty')
  .max(104, 'must not be longer than 104 characters')
  .regex(plain, 'must not hold control characters');

export const domain = z
  .string()
  .max(255, 'must not be longer than 255 characters')
  .regex(plain, 'must not hold control characters');

export const password = z
  .string()
  .min(1, 'must not be empty')
  .max(256, 'must not be longer than 256 characters')
  .regex(plain, 'must not hold control characters');

/** MS-SRVS 2.2.4.23 and the characters no share name holds. */
export const shareName = z
  .string()
  .min(1, 'must not be empty')
  .max(80, 'must not be longer than 80 characters')
  .regex(/^[^\p{Cc}\p{Cs}"/\\[\]:|<>+=;,*?]+$/u, 'must not hold control characters or any of "/\\[]:|<>+=;,*?');

export const folder = z
  .string()
  .max(1_024, 'must not be longer than 1024 characters')
  .regex(/^\/[^\p{Cc}\p{Cs}]*$/u, 'must be a path that begins with «/»');

/** The least SMB dialect of the main, as Windows names them: 2.1, 3.0, 3.0.2, 3.1.1. */
export const dialect = z.enum(['SMB210', 'SMB300', 'SMB302', 'SMB311']);

/** Whether only what the main wants encrypted is, or everything. */
export const encrypt = z.enum(['when-demanded', 'always']);

/** A Linux interface name (IFNAMSIZ is 16 with its final NUL). */
export const interfaceName = z.string().regex(/^[^\s/\p{Cc}]{1,15}$/u, 'must be the name of a network interface');

export const mailAddress = z
  .string()
  .max(254, 'must not be longer than 254 characters')
  .regex(/^[^\s@<>,;\p{Cc}]+@[^\s@<>,;\p{Cc}]+$/u, 'must be a mail address');

/** A decimal number in a query string. */
export const queryNumber = z
  .string()
  .regex(/^\d{1,15}$/, 'must be a number')
  .transform(Number);
