/**
 * What a refusal by the server means for callers and for people, status by status: a code from types.ts, words, a hint.
 * A status without a row is `nt-status`, shown by name or number.
 */
import type { StatusName } from './status-codes.ts';

export interface Meaning {
  /** A code of types.ts. */
  code: string;
  what: string;
  hint: string;
  /** The same call may succeed later without anybody changing anything. */
  retry?: true;
}

const ASK_ADMIN = 'ask whoever administers the server';

const WRONG_PASSWORD: Meaning = {
  code: 'wrong-password',
  what: 'user name or password is wrong',
  hint: 'check user, domain and password; it is not tried again, so that the account does not get locked',
};

const NOT_FOUND: Meaning = {
  code: 'not-found',
  what: 'there is nothing of that name',
  hint: 'it may have been removed or renamed a moment ago',
};

const BAD_NAME: Meaning = {
  code: 'bad-name',
  what: 'the server does not accept that name',
  hint: 'characters such as : * ? " < > | are not allowed on it; rename the file',
};

const PASSWORD_EXPIRED: Meaning = {
  code: 'password-expired',
  what: 'the password has expired',
  hint: 'set a new one on the server, best one that never expires, and enter it here',
};

const NO_SPACE: Meaning = {
  code: 'no-space',
  what: 'there is no space left on the server, or the quota is used up',
  hint: 'free space on the server, or raise the quota of the account',
};

const LOCKED: Meaning = {
  code: 'locked',
  what: 'another program has locked a part of the file',
  hint: 'it is tried again later; if it never succeeds, look who holds the file open',
  retry: true,
};

const DISCONNECTED: Meaning = {
  code: 'disconnected',
  what: 'the server has closed the connection to the share',
  hint: 'connect again; if it goes on, look at the log of the server',
  retry: true,
};

const SESSION_EXPIRED: Meaning = {
  code: 'session-expired',
  what: 'the server has ended the session',
  hint: 'log on again',
  retry: true,
};

const BAD_SHARE: Meaning = {
  code: 'bad-share',
  what: 'there is no share of that name',
  hint: 'compare the name with the list of shares of the server',
};

const NOT_SUPPORTED: Meaning = {
  code: 'not-supported',
  what: 'the server cannot do that',
  hint: `${ASK_ADMIN} whether a newer version can`,
};

const BUSY: Meaning = {
  code: 'nt-status',
  what: 'the server is short of resources',
  hint: 'it is tried again later; if it goes on, look at the load and the memory of the server',
  retry: true,
};

const DISK_TROUBLE: Meaning = {
  code: 'nt-status',
  what: 'the server could not read or write its disk',
  hint: 'look at the disks and the event log of the server now',
};

const TRUST: Meaning = {
  code: 'logon-denied',
  what: 'the server could not ask its domain about the account',
  hint: 'see whether the domain controller runs and whether the server is still a member of the domain',
  retry: true,
};

export const MEANINGS: Partial<Record<StatusName, Meaning>> = {
  ACCESS_DENIED: {
    code: 'access-denied',
    what: 'access denied',
    hint: 'give the account the right to it on the server: both the share and the file permissions count',
  },
  NETWORK_ACCESS_DENIED: {
    code: 'access-denied',
    what: 'the server does not let this account in over the network',
    hint: 'look at the share permissions and at the policies of the server for network logons',
  },
  PRIVILEGE_NOT_HELD: {
    code: 'access-denied',
    what: 'the account lacks a privilege for this',
    hint: 'make it a member of the Backup Operators on the server',
  },
  CANNOT_DELETE: {
    code: 'access-denied',
    what: 'it cannot be deleted',
    hint: 'it is read-only, or a program has it mapped; clear the attribute or end the program',
  },
  MEDIA_WRITE_PROTECTED: {
    code: 'access-denied',
    what: 'the medium is write protected',
    hint: 'make the share or its disk writable on the server',
  },
  OBJECT_NAME_NOT_FOUND: NOT_FOUND,
  OBJECT_PATH_NOT_FOUND: NOT_FOUND,
  NO_SUCH_FILE: NOT_FOUND,
  FILE_DELETED: NOT_FOUND,
  OBJECT_NAME_INVALID: BAD_NAME,
  OBJECT_PATH_INVALID: BAD_NAME,
  OBJECT_PATH_SYNTAX_BAD: BAD_NAME,
  NAME_TOO_LONG: { code: 'bad-name', what: 'the name is too long for the server', hint: 'use a shorter name or path' },
  OBJECT_NAME_COLLISION: {
    code: 'exists',
    what: 'something of that name exists already',
    hint: 'nothing was overwritten; remove or rename what is there',
  },
  FILE_IS_A_DIRECTORY: {
    code: 'is-a-directory',
    what: 'it is a directory',
    hint: 'a file was expected; it may have been replaced a moment ago',
  },
  NOT_A_DIRECTORY: {
    code: 'not-a-directory',
    what: 'it is not a directory',
    hint: 'a directory was expected; it may have been replaced a moment ago',
  },
  DIRECTORY_NOT_EMPTY: {
    code: 'not-empty',
    what: 'the directory is not empty',
    hint: 'remove first what is in it; hidden files count too',
  },
  SHARING_VIOLATION: {
    code: 'sharing-violation',
    what: 'another program has it open and lets nobody else in',
    hint: 'it is tried again later; if it never succeeds, see on the server who has it open',
    retry: true,
  },
  FILE_LOCK_CONFLICT: LOCKED,
  LOCK_NOT_GRANTED: LOCKED,
  DELETE_PENDING: {
    code: 'delete-pending',
    what: 'it is being deleted',
    hint: 'it goes away when the last program closes it',
    retry: true,
  },
  DISK_FULL: NO_SPACE,
  QUOTA_EXCEEDED: NO_SPACE,
  LOGON_FAILURE: WRONG_PASSWORD,
  WRONG_PASSWORD,
  NO_SUCH_USER: WRONG_PASSWORD,
  ACCOUNT_LOCKED_OUT: {
    code: 'account-locked',
    what: 'the account is locked after too many wrong passwords',
    hint: 'unlock it on the server, and look for a program that still uses an old password',
  },
  ACCOUNT_DISABLED: {
    code: 'account-disabled',
    what: 'the account is disabled',
    hint: 'enable it on the server',
  },
  ACCOUNT_EXPIRED: {
    code: 'account-disabled',
    what: 'the account has expired',
    hint: 'set a later date, or none, for the account on the server',
  },
  PASSWORD_EXPIRED,
  PASSWORD_MUST_CHANGE: {
    code: 'password-expired',
    what: 'the password must be changed before the first logon',
    hint: 'change it on the server, or clear «must change password» for the account',
  },
  ACCOUNT_RESTRICTION: {
    code: 'logon-denied',
    what: 'a restriction of the account forbids the logon',
    hint: 'an account with an empty password may not log on over the network; the policies of the server tell of others',
  },
  INVALID_LOGON_HOURS: {
    code: 'logon-denied',
    what: 'the account may not log on at this time of day',
    hint: 'widen the logon hours of the account',
  },
  INVALID_WORKSTATION: {
    code: 'logon-denied',
    what: 'the account may not log on from this computer',
    hint: 'remove the limit to certain workstations from the account',
  },
  LOGON_NOT_GRANTED: {
    code: 'logon-denied',
    what: 'the account may not log on to this server',
    hint: 'give it the right «Access this computer from the network»',
  },
  LOGON_TYPE_NOT_GRANTED: {
    code: 'logon-denied',
    what: 'the account may not log on over the network',
    hint: 'give it the right «Access this computer from the network»',
  },
  NTLM_BLOCKED: {
    code: 'logon-denied',
    what: 'the server refuses NTLM',
    hint: 'allow NTLM for this account: remove it from «Protected Users» and look at «Restrict NTLM» in the policies',
  },
  NO_LOGON_SERVERS: TRUST,
  TRUSTED_DOMAIN_FAILURE: TRUST,
  TRUSTED_RELATIONSHIP_FAILURE: TRUST,
  NETLOGON_NOT_STARTED: TRUST,
  BAD_NETWORK_NAME: BAD_SHARE,
  PATH_NOT_COVERED: {
    code: 'bad-share',
    what: 'the path leads to another server (DFS)',
    hint: 'name the server and the share that the DFS link points to',
  },
  NETWORK_NAME_DELETED: DISCONNECTED,
  CONNECTION_DISCONNECTED: DISCONNECTED,
  CONNECTION_RESET: DISCONNECTED,
  CONNECTION_ABORTED: DISCONNECTED,
  NETWORK_SESSION_EXPIRED: SESSION_EXPIRED,
  USER_SESSION_DELETED: SESSION_EXPIRED,
  NOT_SUPPORTED,
  NOT_IMPLEMENTED: NOT_SUPPORTED,
  INVALID_DEVICE_REQUEST: NOT_SUPPORTED,
  INVALID_INFO_CLASS: NOT_SUPPORTED,
  STOPPED_ON_SYMLINK: {
    code: 'not-supported',
    what: 'the path goes through a symbolic link',
    hint: 'links are not followed; use the path that the link points to',
  },
  IO_REPARSE_TAG_NOT_HANDLED: {
    code: 'not-supported',
    what: 'the server has no driver for this kind of link or placeholder',
    hint: 'see on the server which program made it, and whether that program still runs',
  },
  REQUEST_NOT_ACCEPTED: { ...BUSY, what: 'the server accepts no more connections' },
  TOO_MANY_SESSIONS: { ...BUSY, what: 'the server accepts no more sessions' },
  NO_MEMORY: BUSY,
  INSUFFICIENT_RESOURCES: BUSY,
  INSUFF_SERVER_RESOURCES: BUSY,
  NETWORK_BUSY: BUSY,
  TOO_MANY_OPENED_FILES: BUSY,
  IO_TIMEOUT: BUSY,
  SERVER_UNAVAILABLE: { ...BUSY, what: 'the server is not available at the moment' },
  FILE_NOT_AVAILABLE: { ...BUSY, what: 'the file is not available at the moment' },
  FILE_IS_OFFLINE: {
    ...BUSY,
    what: 'the content of the file is kept elsewhere and did not come back',
    hint: 'see whether the archive or cloud storage behind the server can be reached',
  },
  CANCELLED: { ...BUSY, what: 'the server has given the request up', hint: 'it is tried again later' },
  FILE_CLOSED: { ...BUSY, what: 'the server has closed the file', hint: 'it is tried again later' },
  DEVICE_NOT_READY: { ...DISK_TROUBLE, retry: true },
  DATA_ERROR: DISK_TROUBLE,
  CRC_ERROR: DISK_TROUBLE,
  IO_DEVICE_ERROR: DISK_TROUBLE,
  UNEXPECTED_IO_ERROR: DISK_TROUBLE,
  FILE_CORRUPT_ERROR: DISK_TROUBLE,
};

/** For everything that has no row. */
export const OTHER: Meaning = {
  code: 'nt-status',
  what: 'the server refused',
  hint: 'look the status up in the documentation of the server, and at its log',
};
