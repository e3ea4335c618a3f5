/** The rules for refusals at the logon: nearly all wait for a person, since another try may lock the account. */
import type { Action } from './action.ts';
import { type Rule, rule } from './status-rule.ts';

const STOP: Action = { do: 'stop', at: 'account' };
const SELDOM: Action = { do: 'retry', pause: 'seldom' };

export const LOGON_RULES = {
  wrongPassword: rule(
    'wrong-password',
    STOP,
    'user name or password is wrong',
    'check user, domain and password; it is not tried again, so that the account does not get locked',
  ),
  accountLocked: rule(
    'account-locked',
    STOP,
    'the account is locked after too many wrong passwords',
    'unlock it on the server, and look for a program that still uses an old password',
  ),
  accountDisabled: rule('account-disabled', STOP, 'the account is disabled', 'enable it on the server'),
  accountExpired: rule(
    'account-disabled',
    STOP,
    'the account has expired',
    'set a later date, or none, for the account on the server',
  ),
  passwordExpired: rule(
    'password-expired',
    STOP,
    'the password has expired',
    'set a new one on the server, best one that never expires, and enter it here',
  ),
  passwordNew: rule(
    'password-expired',
    STOP,
    'the password must be changed before the first logon',
    'change it on the server, or clear «must change password» for the account',
  ),
  restricted: rule(
    'logon-denied',
    STOP,
    'a restriction of the account forbids the logon',
    'an account with an empty password may not log on over the network; the policies of the server tell of others',
  ),
  wrongHour: rule(
    'logon-denied',
    STOP,
    'the account may not log on at this time of day',
    'widen the logon hours of the account',
  ),
  wrongComputer: rule(
    'logon-denied',
    STOP,
    'the account may not log on from this computer',
    'remove the limit to certain workstations from the account',
  ),
  noRight: rule(
    'logon-denied',
    STOP,
    'the account may not log on to this server over the network',
    'give it the right «Access this computer from the network»',
  ),
  machineAccount: rule('logon-denied', STOP, 'the account belongs to a computer', 'use the account of a user'),
  cardOnly: rule(
    'logon-denied',
    STOP,
    'the account may log on with a smart card only',
    'use an account with a password',
  ),
  ntlmBlocked: rule(
    'logon-denied',
    STOP,
    'the server refuses NTLM',
    'allow NTLM for this account: remove it from «Protected Users» and look at «Restrict NTLM» in the policies',
  ),
  trustBroken: rule(
    'logon-denied',
    STOP,
    'the domain does not trust the server, or the server not the domain',
    'see whether the server is still a member of the domain and whether the clocks agree',
  ),
  noDomain: rule(
    'logon-denied',
    SELDOM,
    'the server could not ask its domain about the account',
    'see whether the domain controller runs and can be reached from the server',
  ),
} as const satisfies Record<string, Rule>;
