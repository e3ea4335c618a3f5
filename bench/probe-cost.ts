/**
 * What being watched costs the main: processor time of its smbd for each second that a standby stands by, nobody else using it. Beside it a check
 * script that lists the shares once a second through a new smbclient, as people let keepalived do it, and the server left alone.
 */
import fs from 'node:fs';
import { runCommand } from '../base/command.ts';
import { type Office, openOffice } from '../test/real/office.ts';
import { LAN, on } from '../tryout/lan.ts';
import { processorMs } from './cpu.ts';
import { figures, progress, type Report } from './report.ts';

const WINDOW_MS = 20_000;

export async function run(rounds: number): Promise<Report> {
  const office = await openOffice();
  try {
    const alone: number[] = [];
    const script: number[] = [];
    const byProfile: Record<'default' | 'fast', number[]> = { default: [], fast: [] };
    for (let round = 0; round < rounds; round += 1) {
      alone.push(await note(office, 'nobody', wait));
      script.push(await note(office, 'check script', () => checkEverySecond(office)));
      for (const profile of ['default', 'fast'] as const) {
        await office.standBy(profile);
        byProfile[profile].push(await note(office, `standby, profile ${profile}`, wait));
        await office.box.standby(['stop-sync']);
        await office.box.end('SIGTERM');
        fs.rmSync(office.box.settingsFile);
        office.box.start();
        await office.answering();
      }
    }
    const peers = { 'smbclient -L once a second': figures(script) };
    return {
      bench: 'probe-cost',
      unit: 'ms of smbd processor time per second',
      better: 'lower',
      parts: {
        default: { ours: figures(byProfile.default), peers },
        fast: { ours: figures(byProfile.fast), peers },
      },
      notes: [
        `windows of ${WINDOW_MS / 1000} s; the server left alone: median ${figures(alone).median.toFixed(2)} ms per second`,
        'ours holds a mirror of one share with its watch and rolling scans at the same time; the script only lists shares',
      ],
    };
  } finally {
    await office.close();
  }
}

async function note(office: Office, what: string, during: () => Promise<void>): Promise<number> {
  const before = processorMs(office.main().pids());
  const beganMs = performance.now();
  await during();
  const perSecond = ((processorMs(office.main().pids()) - before) / (performance.now() - beganMs)) * 1_000;
  progress(`${what.padEnd(26)} ${perSecond.toFixed(2)} ms per second`);
  return perSecond;
}

function wait(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, WINDOW_MS));
}

async function checkEverySecond(office: Office): Promise<void> {
  const credentials = '/run/office/check';
  fs.writeFileSync(credentials, `username = alice\npassword = ${office.password}\n`, { mode: 0o600 });
  const [program, ...args] = on('standby', 'smbclient', '-g', '-L', LAN.main, '-A', credentials);
  const endMs = performance.now() + WINDOW_MS;
  while (performance.now() < endMs) {
    const beganMs = performance.now();
    await runCommand(program, args, { timeLimitMs: 10_000 });
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, 1_000 - (performance.now() - beganMs))));
  }
}
