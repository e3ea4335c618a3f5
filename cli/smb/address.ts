/**
 * Where on a file server: `//HOST/SHARE/path`, `smb://HOST:PORT/SHARE/path`, `\\HOST\SHARE\path`, or `SHARE/path` on the main that
 * the settings name. Reading one is pure; whether the server has such a thing is found out later.
 */
import { isIPv6 } from 'node:net';
import { usage } from '../usage.ts';

export interface Address {
  /** Undefined means the main of the settings. */
  host: string | undefined;
  /** Only `smb://` holds one. */
  port: number | undefined;
  /** '' when only a server was named. */
  share: string;
  /** Relative to the share, components joined by «/»; '' is its root. Judged by the client, not here. */
  path: string;
}

const FORMS = 'write it as //HOST/SHARE/path, or as SHARE/path on the main';

/** @param text undefined means the main itself. Throws a Failure `usage`. A password in an address is refused: every user of the box could read it, and so could the name servers. */
export function readAddress(text: string | undefined): Address {
  if (text === undefined) return { host: undefined, port: undefined, share: '', path: '' };
  if (text === '') throw usage('the address is empty', FORMS);
  if (/^smb:/iu.test(text)) return fromUrl(text);
  if (text.startsWith('//')) return fromParts(text.slice(2).split('/'), undefined);
  if (text.startsWith('\\\\')) return fromParts(text.slice(2).split(/[\\/]/u), undefined);
  if (text.startsWith('/')) throw usage('an address has two slashes in front of the server', FORMS);
  const [share = '', ...below] = namesOf(text.split('/'));
  return { host: undefined, port: undefined, share, path: below.join('/') };
}

/** The address as people write it, for messages. */
export function addressText({ host, share, path }: Address & { host: string }): string {
  const shown = host.includes(':') ? `[${host}]` : host;
  return `//${[shown, share, path].filter((part) => part !== '').join('/')}`;
}

function fromUrl(text: string): Address {
  const match = /^smb:\/\/([^/?#]*)([^?#]*)$/iu.exec(text);
  if (match === null) throw usage('the address is no smb://HOST/SHARE/path; write «?» and «#» as %3F and %23');
  const [, authority = '', rest = ''] = match;
  mustNameNobody(authority);
  const [, host = '', port] = /^(\[[^\]]*\]|[^:]*)(?::(\d{1,5}))?$/u.exec(authority) ?? [];
  if (port !== undefined && (Number(port) < 1 || Number(port) > 65_535))
    throw usage('the port must be from 1 to 65535');
  return fromParts([host, ...rest.slice(1).split('/').map(decoded)], port === undefined ? undefined : Number(port));
}

/** Neither the message nor a question to a name server may repeat what stands in front of an «@». */
function mustNameNobody(authority: string): void {
  if (!authority.includes('@')) return;
  throw usage('an address holds neither user nor password', 'use --user, and type the password when asked');
}

/** Percent sequences as in every URL (RFC 3986 2.1); what they make of a name is judged like any other name. */
function decoded(part: string): string {
  try {
    const name = decodeURIComponent(part);
    if (!name.includes('/')) return name;
  } catch {
    // Told below, with the other reason.
  }
  throw usage('the address holds a percent sequence that is no part of a name', 'write a percent sign itself as %25');
}

function fromParts(parts: readonly string[], port: number | undefined): Address {
  const [first = '', ...rest] = parts;
  const host = /^\[.*\]$/u.test(first) ? first.slice(1, -1) : first;
  // A blank or a control character in a host name is a slip, such as a missing quote.
  if (host === '' || /[\s\p{Cc}\\]/u.test(host)) throw usage('the address names no server', FORMS);
  mustNameNobody(host);
  if (host.includes(':') && !isIPv6(host))
    throw usage('the address holds a port', 'use --port NUMBER, or write it as smb://HOST:PORT/SHARE/path');
  const [share = '', ...below] = namesOf(rest);
  return { host, port, share, path: below.join('/') };
}

/** Doubled and trailing slashes mean nothing, as for local paths. */
function namesOf(parts: readonly string[]): string[] {
  return parts.filter((part) => part !== '');
}
