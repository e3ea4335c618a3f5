/**
 * What refusals by the server mean. Each rule holds for the statuses that status-table.ts puts under it; those about the logon stand
 * in status-logon-rules.ts.
 */
import type { Action } from './action.ts';
import { LOGON_RULES } from './status-logon-rules.ts';
import { type Rule, rule } from './status-rule.ts';

const SOON: Action = { do: 'retry', pause: 'soon' };
const LATER: Action = { do: 'retry', pause: 'later' };
const SELDOM: Action = { do: 'retry', pause: 'seldom' };
const SKIP: Action = { do: 'skip' };
const DEGRADE: Action = { do: 'degrade' };
const RECONNECT: Action = { do: 'reconnect' };
const stop = (at: (Action & { do: 'stop' })['at']): Action => ({ do: 'stop', at });

export const RULES = {
  // Somebody holds it.
  held: rule(
    'sharing-violation',
    SOON,
    'another program has it open and lets nobody else in',
    'it is tried again later; if it never succeeds, see on the server who has it open',
  ),
  mapped: rule(
    'sharing-violation',
    SOON,
    'a program on the server has it mapped into memory',
    'it is tried again later; if it never succeeds, see on the server who has it open',
  ),
  locked: rule(
    'locked',
    SOON,
    'another program has locked a part of the file',
    'it is tried again later; if it never succeeds, look who holds the file open',
  ),
  checkedOut: rule(
    'locked',
    SELDOM,
    'somebody has checked it out for editing',
    'it is tried again later; see on the server who has it checked out',
  ),
  deletePending: rule('delete-pending', SOON, 'it is being deleted', 'it goes away when the last program closes it'),

  // The server cannot now.
  givenUp: rule('nt-status', SOON, 'the server has given the request up', 'it is tried again later'),
  handleGone: rule('nt-status', SOON, 'the server has closed the file', 'it is tried again later'),
  callBroken: rule('nt-status', SOON, 'the server has ended the call', 'it is tried again later'),
  watchEnded: rule(
    'nt-status',
    LATER,
    'the server has ended the watch',
    'it is set up again later; changes are found by scans meanwhile',
  ),
  busy: rule(
    'nt-status',
    LATER,
    'the server is short of resources',
    'it is tried again later; if it goes on, look at the load and the memory of the server',
  ),
  full: rule(
    'nt-status',
    LATER,
    'the server accepts no more connections or sessions',
    'it is tried again later; if it goes on, look at the limits and the licences of the server',
  ),
  paused: rule(
    'nt-status',
    LATER,
    'file sharing is paused on the server',
    'it is tried again later; continue the file service on the server',
  ),
  away: rule(
    'nt-status',
    LATER,
    'the server, the share or the file is not available at the moment',
    'it is tried again later; see whether a cluster is moving it, and look at the log of the server',
  ),
  behind: rule(
    'nt-status',
    LATER,
    'the server cannot reach the storage behind it',
    'it is tried again later; see whether what the server takes its files from can be reached from there',
  ),
  volumeAway: rule(
    'nt-status',
    LATER,
    'the disk is not there at the moment',
    'see whether the disk is connected and mounted on the server',
  ),
  volumeLocked: rule(
    'nt-status',
    SELDOM,
    'the disk is locked by its encryption',
    'unlock it on the server (BitLocker)',
  ),
  tiered: rule(
    'nt-status',
    SELDOM,
    'the content of the file is kept elsewhere and did not come back',
    'see whether the archive or cloud storage behind the server can be reached',
  ),

  // This path only.
  gone: rule('not-found', SKIP, 'there is nothing of that name', 'it may have been removed or renamed a moment ago'),
  partMissing: rule(
    'nt-status',
    SKIP,
    'something that belongs to it is not there',
    'it is no proof that the file itself is gone; look at it on the server',
  ),
  exists: rule(
    'exists',
    SKIP,
    'something of that name exists already',
    'nothing was overwritten; remove or rename what is there',
  ),
  directory: rule(
    'is-a-directory',
    SKIP,
    'it is a directory',
    'a file was expected; it may have been replaced a moment ago',
  ),
  noDirectory: rule(
    'not-a-directory',
    SKIP,
    'it is not a directory',
    'a directory was expected; it may have been replaced a moment ago',
  ),
  notEmpty: rule('not-empty', SKIP, 'the directory is not empty', 'remove first what is in it; hidden files count too'),
  badName: rule(
    'bad-name',
    SKIP,
    'the server does not accept that name',
    'characters such as : * ? " < > | are not allowed on it; rename the file',
  ),
  longName: rule('bad-name', SKIP, 'the name is too long for the server', 'use a shorter name or path'),
  denied: rule(
    'access-denied',
    SKIP,
    'access denied',
    'give the account the right to it on the server: both the share and the file permissions count',
  ),
  deniedByPolicy: rule(
    'access-denied',
    SKIP,
    'a policy of the server forbids it',
    'look at the policies of the server for this file and this account',
  ),
  deniedFromAfar: rule(
    'access-denied',
    SKIP,
    'the server does not let this account in over the network',
    'look at the share permissions and at the policies of the server for network logons',
  ),
  noPrivilege: rule(
    'access-denied',
    SKIP,
    'the account lacks a privilege for this',
    'make it a member of the Backup Operators on the server',
  ),
  cannotDelete: rule(
    'access-denied',
    SKIP,
    'it cannot be deleted',
    'it is read-only, or a program has it mapped; clear the attribute or end the program',
  ),
  writeProtected: rule(
    'access-denied',
    SKIP,
    'the medium is write protected',
    'make the share or its disk writable on the server',
  ),
  encrypted: rule(
    'access-denied',
    SKIP,
    'it is encrypted and not for this account (EFS)',
    'decrypt it on the server, or add the account to those who may read it',
  ),
  virus: rule(
    'nt-status',
    SKIP,
    'the virus scanner of the server has found something in it',
    'look at the scanner on the server; the file is not touched',
  ),
  filtered: rule(
    'nt-status',
    SKIP,
    'a program in front of the file system of the server refuses it',
    'look at the virus scanner, archive and backup programs of the server',
  ),
  diskTrouble: rule(
    'nt-status',
    SKIP,
    'the server could not read or write its disk',
    'look at the disks and the event log of the server now',
  ),
  tieredBroken: rule(
    'nt-status',
    SKIP,
    'the server cannot make sense of what is kept elsewhere of the file',
    'look at the cloud or archive program of the server',
  ),
  link: rule(
    'not-supported',
    SKIP,
    'the path goes through a symbolic link',
    'links are not followed; use the path that the link points to',
  ),
  oddLink: rule(
    'not-supported',
    SKIP,
    'the server has no driver for this kind of link or placeholder',
    'see on the server which program made it, and whether that program still runs',
  ),
  otherDisk: rule(
    'nt-status',
    SKIP,
    'the two names are on different disks of the server',
    'copy it instead of renaming it',
  ),
  tooLarge: rule(
    'nt-status',
    SKIP,
    'the file system of the server cannot hold it',
    'it is too large for it, or has too many parts',
  ),
  badRules: rule(
    'nt-status',
    SKIP,
    'the server does not take these access rules',
    'an account in them may be unknown there; set them on the server by hand',
  ),
  badRequest: rule(
    'nt-status',
    SKIP,
    'the server finds the request wrong',
    'it may be a fault of this program: look at the log of the server and report it',
  ),
  serverFault: rule('nt-status', SKIP, 'the server failed by itself', 'look at the log of the server'),
  misplaced: rule(
    'nt-status',
    SKIP,
    'the answer of the server means nothing here',
    'look at the log of the server and report it',
  ),
  other: rule(
    'nt-status',
    SKIP,
    'the server refused',
    'look the status up in the documentation of the server, and at its log',
  ),

  // The server cannot at all.
  unsupported: rule(
    'not-supported',
    DEGRADE,
    'the server cannot do that',
    'ask whoever administers the server whether a newer version can',
  ),

  // The connection is over.
  disconnected: rule(
    'disconnected',
    RECONNECT,
    'the server has closed the connection to the share',
    'connect again; if it goes on, look at the log of the server',
  ),
  shutdown: rule('disconnected', RECONNECT, 'the server is shutting down', 'it is connected again when it is back'),
  sessionEnded: rule('session-expired', RECONNECT, 'the server has ended the session', 'log on again'),
  badSignature: rule(
    'bad-signature',
    RECONNECT,
    'the server finds our signature wrong',
    'something between here and the server may change messages',
  ),

  // A person must act.
  noShare: rule(
    'bad-share',
    stop('share'),
    'there is no share of that name',
    'compare the name with the list of shares of the server',
  ),
  elsewhere: rule(
    'bad-share',
    stop('share'),
    'the path leads to another server (DFS)',
    'name the server and the share that the DFS link points to',
  ),
  noSpace: rule(
    'no-space',
    stop('room'),
    'there is no space left on the server, or the quota is used up',
    'free space on the server, or raise the quota of the account',
  ),
  dialect: rule(
    'not-supported',
    stop('server'),
    'the server refuses the way we speak SMB',
    'allow SMB 3.1.1 on the server',
  ),

  ...LOGON_RULES,
} as const satisfies Record<string, Rule>;

export type RuleName = keyof typeof RULES;
