/**
 * rsync from a daemon on the main: no choice where nothing may be installed there, but the measure of what a protocol that was made for
 * mirroring can do. It neither signs nor encrypts.
 */
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import { mustRun } from '../../base/command.ts';
import { descendants } from '../../tryout/samba.ts';
import { until } from '../../tryout/wait.ts';
import { HOST, LIMIT_MS } from '../smb/ground.ts';

export interface RsyncDaemon {
  readonly name: string;
  pids(): number[];
  /** Makes `folder` equal to the main's. */
  mirror(folder: string): Promise<void>;
  close(): Promise<void>;
}

const PORT = 4873;
const MODULE = 'bench';
const READY_MS = 10_000;

/** @param source the folder of the main that it serves */
export async function startRsyncDaemon(source: string): Promise<RsyncDaemon> {
  const config = '/run/bench-rsyncd.conf';
  const lines = [
    `port = ${PORT}`,
    `address = ${HOST}`,
    'use chroot = no',
    'uid = root',
    'gid = root',
    `[${MODULE}]`,
    `path = ${source}`,
    'read only = yes',
  ];
  fs.writeFileSync(config, `${lines.join('\n')}\n`);
  const child = spawn('rsync', ['--daemon', '--no-detach', '--config', config], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  await until('rsyncd listens', READY_MS, async () => ((await listens()) ? true : undefined));
  const pid = child.pid ?? 0;
  return {
    name: 'rsyncd',
    pids: () => [pid, ...descendants(pid)],
    async mirror(folder) {
      await mustRun('rsync', ['-a', '--delete', `rsync://${HOST}:${PORT}/${MODULE}/`, folder], {
        timeLimitMs: LIMIT_MS,
      });
    },
    async close() {
      child.kill('SIGTERM');
      await ended;
    },
  };
}

function listens(): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect({ host: HOST, port: PORT }, () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}
