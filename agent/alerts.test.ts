/** What the mail queue is given: the password as the file has it now. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { expect, it, vi } from 'vitest';
import { systemClock } from '../base/clock.ts';
import { openMailQueue } from '../notify/index.ts';
import { checkSettings } from '../settings/read.ts';
import { writeSecrets } from '../settings/secrets.ts';
import { silentLog } from '../test/fakes/log.ts';
import { openAlerts } from './alerts.ts';
import { openJournal } from './journal.ts';

vi.mock('../notify/index.ts', () => ({ openMailQueue: vi.fn() }));

it('asks the secrets file for the password at each attempt, so that a wrong one can be corrected', () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'alerts-'));
  const secrets = path.join(folder, 'secrets.yaml');
  const checked = checkSettings(`version: 1
main: {name: FILES01, address: 192.168.10.20, user: backup}
interface: eth0
mail: {server: mail.example.com, user: robot, from: a@example.com, to: [b@example.com]}
secrets: ${secrets}
`);
  if (checked.kind === 'bad') throw new Error(JSON.stringify(checked.problems));
  const journal = openJournal(folder, () => {});
  const { settings } = checked;
  openAlerts({ settings, standbyName: 'STANDBY1', clock: systemClock, log: silentLog, journal, tell: () => {} });
  const password = vi.mocked(openMailQueue).mock.calls[0]?.[0].password;
  for (const now of ['wrong', 'right']) {
    writeSecrets(secrets, { mainPassword: 'of the main', mailPassword: now });
    expect(password?.()).toBe(now);
  }
  fs.rmSync(folder, { recursive: true });
});
