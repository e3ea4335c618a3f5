/** Looks at /proc: is a process ours, and which processes of a smbd serve a client. */
import fs from 'node:fs';

/** Whether the process runs and has `mark` among its arguments (a pid may have been given to somebody else since). */
export function isAlive(pid: number, mark: string): boolean {
  return argumentsOf(pid).includes(mark);
}

/**
 * The processes of a smbd that serve a client, by the configuration file among its arguments, which forks keep: also those whose parent is dead. Its
 * helpers (cleanupd, notifyd, lpqd) keep the set-up process title and never touch shares.
 */
export function sessionsOf(parent: number | undefined, mark: string): number[] {
  const found: number[] = [];
  for (const name of fs.readdirSync('/proc')) {
    const pid = Number(name);
    if (!Number.isInteger(pid) || pid <= 1 || pid === parent) continue;
    if (isSession(pid) && isAlive(pid, mark)) found.push(pid);
  }
  return found;
}

function isSession(pid: number): boolean {
  const name = read(`/proc/${pid}/comm`).trim();
  return name.startsWith('smbd') && !/notifyd|cleanupd|lpqd/.test(name);
}

function argumentsOf(pid: number): string[] {
  return read(`/proc/${pid}/cmdline`).split('\0');
}

/** Empty when the process is gone. */
function read(file: string): string {
  try {
    return fs.readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
