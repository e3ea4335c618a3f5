/** A standby that cannot be opened leaves nothing running. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { expect, it, vi } from 'vitest';
import { systemClock } from '../base/clock.ts';
import { checkSettings } from '../settings/read.ts';
import { silentLog } from '../test/fakes/log.ts';
import { openAlerts } from './alerts.ts';
import { openJournal } from './journal.ts';
import { openServing } from './serving.ts';
import { openStandby } from './standby.ts';

vi.mock('./alerts.ts', () => ({ openAlerts: vi.fn() }));
vi.mock('./serving.ts', () => ({ openServing: vi.fn() }));

it('sends no mails when it cannot serve', async () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'standby-'));
  const checked = checkSettings(`version: 1
main: {name: FILES01, address: 192.168.10.20, user: backup}
interface: eth0
mirror: {path: ${folder}/mirror}
state: ${folder}/state
run: ${folder}/run
`);
  if (checked.kind === 'bad') throw new Error(JSON.stringify(checked.problems));
  const close = vi.fn(async () => {});
  vi.mocked(openAlerts).mockReturnValue({ raise: () => {}, decided: () => {}, mail: () => null, close });
  vi.mocked(openServing).mockRejectedValue(new Error('no account'));
  const standby = openStandby({
    settings: checked.settings,
    secrets: { mainPassword: 'x' },
    clock: systemClock,
    log: silentLog,
    journal: openJournal(folder, () => {}),
    tell: () => {},
    keepUsers: () => {},
    keepLimits: () => [],
    hostName: 'STANDBY1',
    version: '0',
  });
  await expect(standby).rejects.toThrow('no account');
  expect(close).toHaveBeenCalledOnce();
  fs.rmSync(folder, { recursive: true });
});
