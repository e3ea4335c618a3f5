/** What the mail queue is given, the password as the file has it now, and what it tells. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { systemClock } from '../base/clock.ts';
import { openMailQueue } from '../notify/index.ts';
import { checkSettings } from '../settings/read.ts';
import { writeSecrets } from '../settings/secrets.ts';
import { silentLog } from '../test/fakes/log.ts';
import { type Alerts, openAlerts } from './alerts.ts';
import { openJournal } from './journal.ts';

vi.mock('../notify/index.ts', () => ({ openMailQueue: vi.fn() }));

let folder: string;
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'alerts-'));
});
afterEach(() => fs.rmSync(folder, { recursive: true }));

const MAIL = 'mail: {server: mail.example.com, user: robot, from: a@example.com, to: [b@example.com]}';

function open(mail: string): Alerts {
  const checked = checkSettings(`version: 1
main: {name: FILES01, address: 192.168.10.20, user: backup}
interface: eth0
secrets: ${path.join(folder, 'secrets.yaml')}
${mail}
`);
  if (checked.kind === 'bad') throw new Error(JSON.stringify(checked.problems));
  const journal = openJournal(folder, () => {});
  const { settings } = checked;
  return openAlerts({ settings, standbyName: 'STANDBY1', clock: systemClock, log: silentLog, journal, tell: () => {} });
}

it('tells how the mails fare, and that nobody is told by mail', () => {
  const state = { waiting: 2, problem: 'mail.example.com refuses' };
  vi.mocked(openMailQueue).mockReturnValueOnce({ state: () => state, enqueue: () => 'queued', close: async () => {} });
  expect(open(MAIL).mail()).toEqual(state);
  expect(open('').mail()).toBeNull();
});

it('asks the secrets file for the password at each attempt, so that a wrong one can be corrected', () => {
  const secrets = path.join(folder, 'secrets.yaml');
  open(MAIL);
  const password = vi.mocked(openMailQueue).mock.lastCall?.[0].password;
  for (const now of ['wrong', 'right']) {
    writeSecrets(secrets, { mainPassword: 'of the main', mailPassword: now });
    expect(password?.()).toBe(now);
  }
});
