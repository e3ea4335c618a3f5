/** The brake through the whole system: a user's files are encrypted over SMB, people are told, and the main dies while the brake is on. */
import fs from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { noise } from '../../agent/mirror/brake/documents.fake.ts';
import type { BrakeList, BrakeStatus } from '../../api/brake.ts';
import type { LogEvent } from '../../api/event.ts';
import { runCommand } from '../../base/command.ts';
import { seeded } from '../../tryout/files.ts';
import { LAN, on } from '../../tryout/lan.ts';
import { MAIN_NAME, type Office, openOffice, SHARE } from './office.ts';

/** What a share of 40 files lets through (agent/mirror/brake/thresholds.ts). */
const THROUGH = 5;

let office: Office;

beforeAll(async () => {
  office = await openOffice();
  await office.standBy('fast');
});

afterAll(async () => {
  await office?.close();
});

async function alice(...commands: string[]): Promise<string> {
  const credentials = '/run/office/alice';
  fs.writeFileSync(credentials, `username = alice\npassword = ${office.password}\n`, { mode: 0o600 });
  const command = commands.join('; ');
  const [program, ...args] = on('client', 'smbclient', `//${LAN.main}/${SHARE}`, '-A', credentials, '-c', command);
  const { stdout, stderr } = await runCommand(program, args, { timeLimitMs: 45_000 });
  return stdout + stderr;
}

/** Letters with enough in them to be judged, as the main has them before anything happens. */
const letters = Array.from({ length: 18 }, (_, n) => `Letters/letter ${n + 2}.txt`);

function damaged(good: Map<string, Buffer>): string[] {
  return letters.filter(
    (file) => !fs.readFileSync(path.join(office.copy, file)).equals(good.get(file) ?? Buffer.alloc(0)),
  );
}

const show = async (): Promise<{ brake: BrakeStatus } & BrakeList> =>
  (await office.box.standby(['brake', 'show'])) as { brake: BrakeStatus } & BrakeList;

it('stops, tells, keeps it over a restart, serves the state from before when the main dies, and goes on when it is allowed', {
  timeout: 240_000,
}, async () => {
  const good = new Map(letters.map((file) => [file, fs.readFileSync(path.join(office.original, file))]));
  const random = '/run/office/random';
  fs.writeFileSync(random, noise(seeded(20_265), 4_000));
  await alice(...letters.map((file) => `put ${random} "${file.replaceAll('/', '\\')}"`));
  const status = await office.until('the brake is on', 30_000, ({ brake }) => brake.state === 'tripped');
  expect(status.sentence).toMatchObject({ level: 'warn', sentence: expect.stringContaining('The brake is on') });
  expect(damaged(good).length).toBeLessThanOrEqual(THROUGH);
  const { events } = (await office.box.standby(['events'])) as { events: LogEvent[] };
  expect(events.filter(({ code }) => code === 'brake')).toMatchObject([
    {
      level: 'critical',
      why: expect.stringContaining('random bytes'),
      next: expect.stringContaining('standby brake reject'),
    },
  ]);
  expect((await show()).changes.map(({ path: file }) => file).sort()).toEqual(damaged(good).sort());

  await office.box.end('SIGKILL');
  office.box.start();
  await office.answering();
  await office.until('the brake is still on', 30_000, ({ brake }) => brake.state === 'tripped');

  expect((await office.box.run(['brake', 'reject', '--confirm', 'OTHER'])).exitCode).toBe(5);
  await office.box.standby(['brake', 'reject', '--confirm', MAIN_NAME]);
  await office.until('the last good state is back', 30_000, ({ brake }) => brake.state === 'rejected');
  expect(damaged(good)).toEqual([]);

  await office.until('the main is seen to serve', 30_000, ({ layers }) =>
    layers.some(({ layer, outcome }) => layer === 'negotiate' && outcome === 'answered'),
  );
  await office.main().kill();
  await office.until('the standby serves', 40_000, ({ mode }) => mode === 'active');
  const copy = '/run/office/read-back';
  await alice(`get "Letters\\letter 7.txt" ${copy}`);
  expect(fs.readFileSync(copy).equals(good.get('Letters/letter 7.txt') ?? Buffer.alloc(0))).toBe(true);
  expect((await office.box.run(['brake', 'reject', '--confirm', MAIN_NAME])).exitCode).toBe(3);

  await office.box.standby(['recover-ip', '--confirm', MAIN_NAME]);
  await office.startMain();
  await office.until('handed back', 40_000, ({ mode }) => mode === 'handed-back');
  await office.box.standby(['restore-files', '--yes']);
  await office.until('restored', 40_000, ({ mode }) => mode === 'idle');
  // The standby had changed nothing: what is on the main is the main's.
  expect(fs.readFileSync(path.join(office.original, 'Letters/letter 7.txt')).length).toBe(4_000);
  await office.box.standby(['start-sync']);
  await office.box.standby(['brake', 'allow', '--confirm', MAIN_NAME]);
  await office.until('standing by', 40_000, ({ mode, brake }) => mode === 'standing-by' && brake.state === 'off');
  await office.until('the main is followed again', 40_000, () => damaged(good).length === letters.length);
});
