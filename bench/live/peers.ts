/**
 * What an administrator could use instead, in its best case: from one local folder to another, without a network or a file server in between,
 * told to wait for nothing.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import fs from 'node:fs';
import { mustRun } from '../../base/command.ts';
import { type Follower, waitFor } from './contender.ts';

/** Starts following `source`; resolves when the copy is complete. */
export type StartPeer = (folder: string, source: string, limitMs: number) => Promise<Follower>;

export const PEERS: Record<string, StartPeer> = { lsyncd: startLsyncd, syncthing: startSyncthing };

function begin(program: string, args: readonly string[], log: string): ChildProcess {
  const out = fs.openSync(log, 'a');
  const child = spawn(program, args, {
    stdio: ['ignore', out, out],
    env: { PATH: process.env['PATH'] ?? '', LANG: 'C', HOME: '/root', STNOUPGRADE: '1', STNORESTART: '1' },
  });
  fs.closeSync(out);
  return child;
}

async function end(children: readonly ChildProcess[]): Promise<void> {
  await Promise.all(
    children.map(async (child) => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const gone = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGKILL');
      await gone;
    }),
  );
}

function countFiles(folder: string): number {
  if (!fs.existsSync(folder)) return 0;
  return fs.readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).length;
}

/** Its fastest way between two local folders (default.direct: cp and mv), and no delay; 15 s is what it has when nothing is told. */
async function startLsyncd(folder: string, source: string, limitMs: number): Promise<Follower> {
  const copy = `${folder}/copy`;
  fs.mkdirSync(copy, { recursive: true });
  const config = `${folder}/lsyncd.lua`;
  fs.writeFileSync(
    config,
    `settings { nodaemon = true, insist = true }\nsync { default.direct, source = "${source}", target = "${copy}", delay = 0 }\n`,
  );
  const child = begin('lsyncd', ['-nodaemon', config], `${folder}/log`);
  const files = countFiles(source);
  await waitFor('lsyncd has copied everything', limitMs, () => countFiles(copy) === files);
  return { copy, end: () => end([child]) };
}

const SENDER = { gui: 28_384, port: 28_000 };
const RECEIVER = { gui: 28_385, port: 28_001 };

/** Two of them over loopback, each knowing the other; changes are handed on after 1 s, the least that it takes, instead of 10 s. */
async function startSyncthing(folder: string, source: string, limitMs: number): Promise<Follower> {
  const copy = `${folder}/copy`;
  fs.mkdirSync(copy, { recursive: true });
  const ids = { sender: await newHome(`${folder}/sender`), receiver: await newHome(`${folder}/receiver`) };
  configure(`${folder}/sender`, source, 'sendonly', SENDER, { id: ids.receiver, ...RECEIVER }, ids.sender);
  configure(`${folder}/receiver`, copy, 'receiveonly', RECEIVER, { id: ids.sender, ...SENDER }, ids.receiver);
  const children = ['sender', 'receiver'].map((who) =>
    begin('syncthing', ['serve', '--no-browser', `--home=${folder}/${who}`], `${folder}/${who}.log`),
  );
  const files = countFiles(source);
  await waitFor('syncthing has copied everything', limitMs, () => countFiles(copy) >= files);
  return { copy, end: () => end(children) };
}

async function newHome(home: string): Promise<string> {
  await mustRun('syncthing', ['generate', `--home=${home}`, '--no-default-folder'], {
    timeLimitMs: 60_000,
    env: { PATH: process.env['PATH'] ?? '', HOME: '/root' },
  });
  const told = await mustRun('syncthing', ['--device-id', `--home=${home}`], {
    timeLimitMs: 60_000,
    env: { PATH: process.env['PATH'] ?? '', HOME: '/root' },
  });
  return told.trim();
}

function configure(
  home: string,
  folder: string,
  type: string,
  own: { gui: number; port: number },
  other: { id: string; port: number },
  id: string,
): void {
  fs.mkdirSync(`${folder}/.stfolder`, { recursive: true });
  const device = (which: string, port: number): string =>
    `<device id="${which}" name="${port}" compression="never"><address>tcp://127.0.0.1:${port}</address></device>`;
  fs.writeFileSync(
    `${home}/config.xml`,
    `<configuration version="35">
<folder id="bench" label="bench" path="${folder}" type="${type}" rescanIntervalS="3600" fsWatcherEnabled="true" fsWatcherDelayS="1">
<device id="${id}"></device><device id="${other.id}"></device><minDiskFree unit="">0</minDiskFree></folder>
${device(id, own.port)}${device(other.id, other.port)}
<gui enabled="true" tls="false"><address>127.0.0.1:${own.gui}</address><apikey>bench</apikey></gui>
<options><listenAddress>tcp://127.0.0.1:${own.port}</listenAddress><globalAnnounceEnabled>false</globalAnnounceEnabled>
<localAnnounceEnabled>false</localAnnounceEnabled><relaysEnabled>false</relaysEnabled><natEnabled>false</natEnabled>
<urAccepted>-1</urAccepted><crashReportingEnabled>false</crashReportingEnabled><startBrowser>false</startBrowser></options>
</configuration>
`,
  );
}
