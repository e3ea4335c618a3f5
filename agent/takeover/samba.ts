/**
 * The standby's own smbd: started long before it is needed, so that taking over costs no start.
 *
 *   start (read-only) ── open ──▶ writable ── close ──▶ read-only, nobody connected
 *
 * smbd is started in a session of its own and outlives a crash of standbyd: users that are being served do not notice, and the
 * restarted standbyd adopts it by its pid file.
 *
 * What could go wrong, and what holds then:
 *  - died between writing «writable» and reading it: a new connection's process reads the configuration when its time stamp changed (seen with
 *    Samba 4.17), so the next proof finds whichever is true; nobody reaches the port without the taken address.
 *  - a session that was opened while writable goes on writing after «read only» (seen): `close` ends every session process and waits until none is left.
 *  - another program listens on our port: smbd would share it silently, so the port is tried before smbd is started.
 */
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { runCommand } from '../../base/command.ts';
import { Failure } from '../../base/failure.ts';
import { readIfThere, writeWhole } from '../../base/file.ts';
import type { Log } from '../../base/log.ts';
import { withOwnName } from './own-name.ts';
import { isListening } from './port.ts';
import { isAlive, sessionsOf } from './processes.ts';
import { SAMBA_FOLDERS, type SambaPlan, sambaConfig, unfitForConfig } from './samba-config.ts';

export interface SambaServer {
  /** The parent process; undefined while none runs. */
  pid(): number | undefined;
  /** Writes the plan and makes sure that smbd runs with it: adopts a running one or starts one. Idempotent. */
  start(plan: SambaPlan): Promise<void>;
  /** Ends every session and waits until no process that could write is left. New sessions see the written plan. */
  endSessions(): Promise<void>;
  stop(): Promise<void>;
}

const START_LIMIT_MS = 15_000;
const END_LIMIT_MS = 5_000;
const POLL_MS = 10;

export function openSambaServer(folder: string, ownerIds: { uid: number; gid: number }, log: Log): SambaServer {
  const configFile = path.join(folder, 'smb.conf');
  const pidFile = path.join(folder, 'pid', 'smbd.pid');

  const pid = (): number | undefined => {
    const found = Number(readIfThere(pidFile)?.trim());
    return Number.isInteger(found) && found > 1 && isAlive(found, configFile) ? found : undefined;
  };

  const start = async (plan: SambaPlan): Promise<void> => {
    check(plan);
    for (const name of SAMBA_FOLDERS) fs.mkdirSync(path.join(folder, name), { recursive: true, mode: 0o755 });
    fs.chmodSync(path.join(folder, 'private'), 0o700);
    fs.chownSync(path.join(folder, 'proof'), ownerIds.uid, ownerIds.gid);
    for (const share of plan.shares) makeShareFolder(share.path, ownerIds);
    const text = sambaConfig(plan);
    if (readIfThere(configFile) !== text) writeWhole(configFile, text, { mode: 0o644 });
    const running = pid();
    if (running !== undefined) {
      // The parent hands its view of the configuration to new sessions; they check the file again themselves.
      process.kill(running, 'SIGHUP');
      return;
    }
    await startProcess(plan.port);
  };

  const startProcess = async (port: number): Promise<void> => {
    if (await isListening(port)) {
      throw new Failure({
        code: 'port-taken',
        doing: 'start the standby’s own smbd',
        subject: `TCP port ${port}`,
        what: 'another program already listens there',
        hint: 'set serve.port in the settings to a port that nobody uses',
      });
    }
    const output = fs.openSync(path.join(folder, 'log', 'stdout'), 'w', 0o600);
    const command = ['smbd', '-F', '--no-process-group', '-s', configFile, '-l', path.join(folder, 'log')] as const;
    const [program, ...args] = await withOwnName(command, path.join(folder, 'hosts'), log);
    const child = spawn(program, args, {
      stdio: ['ignore', output, output],
      detached: true,
      cwd: folder,
      env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LANG: 'C' },
    });
    fs.closeSync(output);
    let failedToStart: Error | undefined;
    child.on('error', (error) => {
      failedToStart = error;
    });
    child.unref();
    const deadline = performance.now() + START_LIMIT_MS;
    while (pid() === undefined || !(await isListening(port))) {
      if (failedToStart !== undefined || child.exitCode !== null || performance.now() > deadline) {
        const said =
          failedToStart?.message ??
          readIfThere(path.join(folder, 'log', 'stdout'))
            ?.slice(-500)
            .trim() ??
          '';
        throw new Failure({
          code: 'samba',
          doing: 'start the standby’s own smbd',
          subject: configFile,
          what: said === '' ? `it does not listen after ${START_LIMIT_MS / 1000} s` : said,
          hint: `is the package samba installed? try: testparm -s ${configFile}`,
        });
      }
      await pause(POLL_MS);
    }
    log.info('own smbd started', { pid: pid(), port });
  };

  const endSessions = async (): Promise<void> => {
    const deadline = performance.now() + END_LIMIT_MS;
    for (let round = 0; ; round += 1) {
      // Also sessions that outlived a killed parent: those would write on.
      const sessions = sessionsOf(pid(), configFile);
      if (sessions.length === 0) return;
      if (performance.now() > deadline) {
        throw new Failure({
          code: 'sessions',
          doing: 'end the sessions of the standby’s own smbd',
          subject: sessions.join(', '),
          what: `${sessions.length} processes are still there after ${END_LIMIT_MS / 1000} s`,
        });
      }
      // TERM lets smbd finish the write in hand; KILL only for one that hangs.
      for (const each of sessions) signalIfThere(each, round < END_LIMIT_MS / POLL_MS / 2 ? 'SIGTERM' : 'SIGKILL');
      await pause(POLL_MS);
    }
  };

  return {
    pid,
    start,
    endSessions,
    stop: async () => {
      const parent = pid();
      if (parent === undefined) return;
      signalIfThere(parent, 'SIGTERM');
      const deadline = performance.now() + END_LIMIT_MS;
      while (pid() !== undefined) {
        if (performance.now() > deadline) signalIfThere(parent, 'SIGKILL');
        await pause(POLL_MS);
      }
      log.info('own smbd stopped', { pid: parent });
    },
  };
}

function check(plan: SambaPlan): void {
  const texts = [plan.name, plan.workgroup, ...plan.users, ...plan.shares.flatMap((share) => [share.name, share.path])];
  for (const text of texts) {
    const why = unfitForConfig(text);
    if (why !== undefined) {
      throw new Failure({
        code: 'bad-name',
        doing: 'write smb.conf',
        subject: JSON.stringify(text),
        what: why,
        hint: 'this share or user cannot be served under that name',
      });
    }
  }
}

/** A share's folder is the mirror's; smbd only needs it to be there and to be the owner's. A link in its place is refused. */
function makeShareFolder(folder: string, owner: { uid: number; gid: number }): void {
  // The owner must be able to pass through what lies above its folders.
  fs.mkdirSync(path.dirname(folder), { recursive: true, mode: 0o755 });
  fs.mkdirSync(folder, { recursive: true, mode: 0o770 });
  if (!fs.lstatSync(folder).isDirectory()) {
    throw new Failure({
      code: 'not-a-directory',
      doing: 'serve the share folder',
      subject: folder,
      what: 'it is not a directory',
      hint: 'move it away; the mirror makes it anew',
    });
  }
  fs.chownSync(folder, owner.uid, owner.gid);
}

function signalIfThere(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It ended by itself, which is what was wanted.
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Sets the password of an account that may log on here; makes the account when it is new. The password travels by standard input. */
export async function setSambaPassword(folder: string, user: string, password: string): Promise<void> {
  const result = await runCommand('smbpasswd', ['-c', path.join(folder, 'smb.conf'), '-a', '-s', user], {
    timeLimitMs: 10_000,
    input: `${password}\n${password}\n`,
  });
  if (result.exitCode === 0) return;
  throw new Failure({
    code: 'samba-account',
    doing: 'set the password of',
    subject: user,
    what:
      (result.stderr.trim() || result.stdout.trim()).split('\n').at(-1) ?? `smbpasswd ended with ${result.exitCode}`,
    hint: 'the account needs a Unix account of the same name on this box',
  });
}

/** The names that have a password in the standby's own account database. */
export async function sambaAccounts(folder: string): Promise<string[]> {
  const result = await runCommand('pdbedit', ['-s', path.join(folder, 'smb.conf'), '-L'], { timeLimitMs: 10_000 });
  if (result.exitCode !== 0) return [];
  return result.stdout
    .split('\n')
    .map((line) => line.split(':')[0] ?? '')
    .filter((name) => name !== '');
}
