/**
 * Lets smbd know its own host's name without asking anybody: Samba looks that name up at every log-on (measured with 4.17), and where /etc/hosts lacks it
 * and the name server is dead, perhaps because it was the main, every log-on takes as long as the resolver waits.
 *
 * Where /etc/hosts has the name, nothing is done. Elsewhere smbd gets a view of its own in which /etc/hosts is a copy with one line more; the box's own
 * file stays as it is, and mounts made later are seen inside.
 */
import os from 'node:os';
import { runCommand } from '../../base/command.ts';
import { readIfThere, writeWhole } from '../../base/file.ts';
import type { Log } from '../../base/log.ts';

type Command = readonly [string, ...string[]];

const VIEW = ['--mount', '--propagation', 'slave'] as const;
const LIMIT_MS = 2_000;

/** The command, or the same command with its view; `hostsFile` is where the copy goes. */
export async function withOwnName(command: Command, hostsFile: string, log: Log): Promise<Command> {
  const hosts = readIfThere('/etc/hosts');
  const name = os.hostname();
  if (hosts !== undefined && hasName(hosts, name)) return command;
  const mayTry = hosts !== undefined && (await canHaveView());
  if (!mayTry) {
    log.warning('log-ons at the standby may be slow when the name server is dead', {
      why: `/etc/hosts does not have ${name}`,
      next: `add the line «127.0.1.1 ${name}» to /etc/hosts`,
    });
    return command;
  }
  writeWhole(hostsFile, withName(hosts, name), { mode: 0o644 });
  // Without the view smbd still serves, only slower.
  return ['unshare', ...VIEW, 'sh', '-c', 'mount --bind "$0" /etc/hosts; exec "$@"', hostsFile, ...command];
}

/** Whether a text in the form of hosts(5) has the name, in whatever case. */
export function hasName(hosts: string, name: string): boolean {
  return hosts.split('\n').some((line) => {
    const [, ...names] = (line.split('#')[0] ?? '').trim().split(/\s+/);
    return names.some((each) => each.toLowerCase() === name.toLowerCase());
  });
}

export function withName(hosts: string, name: string): string {
  return `${hosts}${hosts === '' || hosts.endsWith('\n') ? '' : '\n'}127.0.1.1 ${name}\n`;
}

/** Not in every container. */
async function canHaveView(): Promise<boolean> {
  try {
    return (await runCommand('unshare', [...VIEW, 'true'], { timeLimitMs: LIMIT_MS })).exitCode === 0;
  } catch {
    return false;
  }
}
