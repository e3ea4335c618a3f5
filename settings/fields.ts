/** The kinds of values in the settings: each says in words what is wrong with a value that it refuses. */
import net from 'node:net';
import { z } from 'zod';
import { unfitForAccount } from '../base/account-name.ts';
import { humanDuration, humanSize } from '../base/human.ts';
import { DURATION_PATTERN, type Measured, parseDurationMs, parseSizeBytes, SIZE_PATTERN } from './units.ts';

/** Text under a rule; the rule returns what is wrong, or undefined. */
function text(rule: (value: string) => string | undefined) {
  return z.string().superRefine((value, context) => {
    const what = rule(value);
    if (what !== undefined) context.addIssue({ code: 'custom', message: what });
  });
}

/** An IPv4 address that one host can own. */
export const ipv4 = text((value) => {
  if (!net.isIPv4(value)) return 'is not an IPv4 address';
  const first = Number(value.split('.')[0]);
  return first === 0 || first >= 224 ? 'is not the address of one host' : undefined;
});

export const port = z.int().min(1).max(65_535);

/** A computer or workgroup name as NetBIOS allows it: 15 bytes (MS-NBTE 2.2.1), here of the letters that every tool accepts. */
export const computerName = text((value) => {
  if (value === '' || value.length > 15) return 'must have 1 to 15 letters';
  return /^[A-Za-z0-9][A-Za-z0-9_-]*$/.test(value) ? undefined : 'may hold only letters, digits, - and _';
});

/** The name of a network interface as the kernel takes it (dev_valid_name). */
export const interfaceName = text((value) => {
  if (value === '.' || value === '..') return 'is not the name of an interface';
  return /^[A-Za-z0-9._@-]{1,15}$/.test(value)
    ? undefined
    : 'is not the name of an interface: 1 to 15 letters, digits, . _ @ -';
});

/** Sections of smb.conf with a meaning of their own. */
const RESERVED_SHARES = ['global', 'homes', 'printers', 'ipc$', 'print$'];

/**
 * A share as the main calls it. It becomes a folder on our disk and a section of our smb.conf, so it must be safe as both;
 * Samba refuses the same characters (INVALID_SHARENAME_CHARS).
 */
export const shareName = text((value) => {
  if (value === '' || value.length > 80) return 'must have 1 to 80 letters';
  if (/[%<>*?|/\\+=;:",[\]]|\p{Cc}|\p{Cs}/u.test(value)) return 'holds a character that no share name may have';
  if (value.trim() !== value || value.startsWith('.')) return 'begins with a space or a dot, or ends with a space';
  return RESERVED_SHARES.includes(value.toLowerCase()) ? 'is not a share of files' : undefined;
});

/** An account on the main. */
export const accountName = text((value) => {
  if (value === '' || value.length > 104) return 'must have 1 to 104 letters';
  if (/[\\/]/.test(value)) return 'holds a \\ or /; the domain has a setting of its own';
  return /\p{Cc}|\p{Cs}/u.test(value) ? 'holds a control character' : undefined;
});

/** A domain in NetBIOS or DNS form; '' for none. */
export const domainName = text((value) =>
  /^[A-Za-z0-9._-]{0,255}$/.test(value) ? undefined : 'may hold only letters, digits, . - and _',
);

/** A Unix account of this box. */
export const unixAccount = text(unfitForAccount);

/** An absolute path in its plainest form; `%` is left out because smb.conf would replace it. */
export function folderPath(mostLetters = 1_000) {
  return text((value) => {
    if (!value.startsWith('/')) return 'must be an absolute path';
    if (value.length > mostLetters) return `must have at most ${mostLetters} letters`;
    if (
      value === '/' ||
      value
        .split('/')
        .slice(1)
        .some((part) => part === '' || part === '.' || part === '..')
    )
      return 'must be a plain path: not / itself, no empty part, no . or .., no / at the end';
    return /%|\p{Cc}|\p{Cs}/u.test(value) ? 'holds % or a control character' : undefined;
  });
}

export const mailAddress = text((value) =>
  value.length <= 254 && /^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$/.test(value)
    ? undefined
    : 'is not a mail address',
);

/** A host name or an IP address. */
export const hostName = text((value) =>
  net.isIP(value) !== 0 || (value.length <= 253 && /^[A-Za-z0-9_]([A-Za-z0-9._-]*[A-Za-z0-9])?$/.test(value))
    ? undefined
    : 'is neither a host name nor an IP address',
);

/** A duration, in milliseconds after reading; both limits are milliseconds and allowed. */
export function duration(leastMs: number, mostMs: number) {
  return measure(DURATION_PATTERN, parseDurationMs, leastMs, mostMs, humanDuration);
}

/** A size, in bytes after reading; both limits are bytes and allowed. */
export function size(leastBytes: number, mostBytes: number) {
  return measure(SIZE_PATTERN, parseSizeBytes, leastBytes, mostBytes, humanSize);
}

function measure(
  pattern: string,
  parse: (value: string) => Measured,
  least: number,
  most: number,
  inWords: (value: number) => string,
) {
  return z
    .string()
    .meta({ pattern })
    .transform((value, context) => {
      const measured = parse(value);
      if (measured.kind === 'good' && measured.value >= least && measured.value <= most) return measured.value;
      const what = measured.kind === 'bad' ? measured.what : `must be between ${inWords(least)} and ${inWords(most)}`;
      context.addIssue({ code: 'custom', message: what });
      return z.NEVER;
    });
}

/** A list in which no entry stands twice, whatever its case. */
export function uniqueList<Item extends z.ZodType<string>>(item: Item, most: number) {
  return z
    .array(item)
    .max(most)
    .superRefine((list, context) => {
      const seen = new Set<string>();
      list.forEach((entry, index) => {
        const key = entry.toLowerCase();
        if (seen.has(key)) context.addIssue({ code: 'custom', path: [index], message: 'stands in the list twice' });
        seen.add(key);
      });
    });
}
