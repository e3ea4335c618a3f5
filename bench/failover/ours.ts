/** standbyd on the standby's box, profile fast, with a mirror of the main's shares that is complete and followed live. */
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { eventList } from '../../api/event.ts';
import type { SetupInput } from '../../api/setup.ts';
import { status } from '../../api/status.ts';
import { mustRun } from '../../base/command.ts';
import { LAN, on } from '../../tryout/lan.ts';
import { until } from '../../tryout/wait.ts';
import { MAIN_NAME, type Office } from './office.ts';
import type { Marks, Protector } from './protector.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const RUN_FOLDER = '/run/standby';
const SOCKET = path.join(RUN_FOLDER, 'standby.sock');
const START_MS = 20_000;
const COMMAND_MS = 120_000;
const MIRROR_MS = 60_000;

export async function protectWithOurs(office: Office): Promise<Protector> {
  const logFile = path.join(office.standbyDisk, 'standbyd.log');
  startDaemon(office.standbyDisk, logFile);
  const log = (): string => fs.readFileSync(logFile, 'utf8');
  await until('standbyd answers', START_MS, () => fs.existsSync(SOCKET) || undefined, log);
  await standby(['setup', '--from', '-'], JSON.stringify(setupOf(office)));
  await standby(['start-sync', '--wait']);
  await until('the standby stands by', MIRROR_MS, async () => (await mode()) === 'standing-by' || undefined, log);
  return { address: LAN.main, marks, log };
}

function setupOf(office: Office): SetupInput {
  return {
    main: { name: MAIN_NAME, address: LAN.main, user: 'standby', password: office.passwords.standby },
    interface: LAN.interface,
    mirrorPath: path.join(office.standbyDisk, 'mirror'),
    shares: office.shares.map((share) => share.name),
    profile: 'fast',
    witnesses: [LAN.client],
    users: [{ name: 'alice', password: office.passwords.alice }],
  };
}

async function mode(): Promise<string> {
  return status.parse(await standby(['status'])).mode;
}

/** From the first word of a takeover in the journal to the proof that the address is served. */
async function marks(): Promise<Marks> {
  const { events } = eventList.parse(await standby(['events']));
  const decided = events.find((event) => event.code === 'taking-over');
  const proven = events.find((event) => event.code === 'active');
  return {
    ...(decided === undefined ? {} : { decidedMs: decided.atMs }),
    ...(proven === undefined ? {} : { provenMs: proven.atMs }),
  };
}

async function standby(args: string[], input?: string): Promise<unknown> {
  const printed = await mustRun(path.join(ROOT, 'bin/standby'), [...args, '--json', '--socket', SOCKET], {
    timeLimitMs: COMMAND_MS,
    ...(input === undefined ? {} : { input }),
  });
  return JSON.parse(printed.trim().split('\n').at(-1) ?? 'null');
}

function startDaemon(disk: string, logFile: string): void {
  fs.mkdirSync(path.join(disk, 'etc'));
  const [program, ...args] = on(
    'standby',
    process.execPath,
    path.join(ROOT, 'agent/main.ts'),
    '--config',
    path.join(disk, 'etc', 'standby.yaml'),
    '--state',
    path.join(disk, 'state'),
    '--run',
    RUN_FOLDER,
  );
  const log = fs.openSync(logFile, 'a');
  spawn(program, args, {
    stdio: ['ignore', log, log],
    cwd: '/',
    env: { PATH: process.env['PATH'] ?? '', LANG: 'C' },
  });
  fs.closeSync(log);
}
