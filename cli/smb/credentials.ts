/**
 * A file with user and password in the form that `smbclient -A` and mount.cifs read: `username = …`, `password = …`,
 * `domain = …`, one a line. Blanks around the key and in front of the value do not count, blanks behind it belong to it.
 */
import { accountOf } from '../setup/flags.ts';
import { usage } from '../usage.ts';

export interface FileCredentials {
  user: string;
  domain: string;
  password: string;
}

/** Other words that the same files hold; a realm is for Kerberos, which is not spoken here. */
const KEYS: Record<string, keyof FileCredentials | 'ignored'> = {
  username: 'user',
  user: 'user',
  domain: 'domain',
  workgroup: 'domain',
  password: 'password',
  pass: 'password',
  realm: 'ignored',
};

/** Throws a Failure `usage` that names the line and never quotes it: a slip in a line may make its password the key. */
export function readCredentials(text: string, file: string): FileCredentials {
  const found: Partial<FileCredentials> = {};
  text.split('\n').forEach((line, index) => {
    const content = line.replace(/\r$/u, '');
    if (/^\s*(?:#.*)?$/u.test(content)) return;
    const [, word = '', value = ''] = /^\s*([^\s=]+)\s*=[ \t]*(.*)$/su.exec(content) ?? [];
    const key = new Map(Object.entries(KEYS)).get(word.toLowerCase());
    if (key === undefined) {
      throw usage(`${file}, line ${index + 1}: is none of «username = …», «password = …», «domain = …»`);
    }
    if (key === 'ignored') return;
    if (found[key] !== undefined) throw usage(`${file}, line ${index + 1}: is there twice`);
    found[key] = value;
  });
  const { user = '', password, domain } = found;
  if (user === '') throw usage(`${file}: names no user`, 'add a line «username = NAME»');
  if (password === undefined || password === '') throw usage(`${file}: holds no password`, 'add a line «password = …»');
  return { ...accountOf(user, domain), password };
}
