/** Looks at /proc: is a process ours, and which session processes does a smbd have. */
import fs from 'node:fs';

/** Whether the process runs and has `mark` among its arguments (a pid may have been given to somebody else since). */
export function isAlive(pid: number, mark: string): boolean {
  return argumentsOf(pid).includes(mark);
}

/** The direct children of a smbd that serve a client; its helpers (cleanupd, notifyd, lpqd) keep the set-up process title and never touch shares. */
export function sessionsOf(parent: number): number[] {
  const found: number[] = [];
  for (const name of fs.readdirSync('/proc')) {
    const pid = Number(name);
    if (!Number.isInteger(pid) || pid <= 1) continue;
    if (parentOf(pid) === parent && isSession(pid)) found.push(pid);
  }
  return found;
}

function isSession(pid: number): boolean {
  const name = read(`/proc/${pid}/comm`).trim();
  return name.startsWith('smbd') && !/notifyd|cleanupd|lpqd/.test(name);
}

function parentOf(pid: number): number {
  const stat = read(`/proc/${pid}/stat`);
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
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
