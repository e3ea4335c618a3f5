/**
 * Names of people's accounts on this box: what Windows, Samba and passwd(5) all allow. Samba finds an account by its name in small
 * letters, whatever the case in which the user types it.
 */

/** useradd's limit, in bytes. */
const LIMIT_BYTES = 32;

/** Why a name cannot be an account here, or undefined when it can. */
export function unfitForAccount(name: string): string | undefined {
  if (name === '' || Buffer.byteLength(name) > LIMIT_BYTES) return `must have 1 to ${LIMIT_BYTES} bytes`;
  if (/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u.test(name)) return 'holds a control character';
  // MS-SAMR 3.1.1.8.4 without @ and %, which smb.conf gives a meaning; passwd(5) is parted by colons.
  if (/["/\\[\]:;|=,+*?<>@%]/.test(name)) return 'holds one of " / \\ [ ] : ; | = , + * ? < > @ %';
  // At the beginning smb.conf reads & as «group», programs read - as an option; a dollar at the end is a computer.
  if (/^[-~&.\s]|[.$\s]$/u.test(name)) return 'begins with - ~ & . or a space, or ends with . $ or a space';
  if (/^\d+$/.test(name)) return 'is a number, which would be taken for a user id';
  return name === name.toLowerCase() ? undefined : 'must be in small letters; users may type it in any case';
}
