/** A person who mended what the main refused, and starts the sync again, does not wait for our pauses. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { expect, it, vi } from 'vitest';
import { systemClock } from '../../base/clock.ts';
import { STATUS, statusFailure } from '../../smb/status/status.ts';
import { silentLog } from '../../test/fakes/log.ts';
import { Mirror } from './index.ts';
import { Load } from './load/load.ts';

it('is tried again at once, once for all shares', async () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'asked-again-'));
  let tries = 0;
  const shares = ['docs', 'plans'];
  const mirror = new Mirror({
    mirrorPath: path.join(folder, 'mirror'),
    statePath: path.join(folder, 'state'),
    shares,
    reserveBytes: 0,
    passEveryMs: 60_000,
    owner: { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 },
    load: new Load({ clock: systemClock, later: () => {} }),
    async open() {
      tries += 1;
      throw statusFailure(STATUS.LOGON_FAILURE, 'log on as', 'standby');
    },
    clock: systemClock,
    log: silentLog,
    random: () => 0.5,
    bootId: 'boot-1',
    tell: () => {},
    broken: () => {},
  });
  try {
    for (let asked = 1; asked <= 3; asked += 1) {
      mirror.start();
      await vi.waitFor(() => expect(tries).toBe(asked), 5_000);
      await vi.waitFor(() => expect(mirror.status.shares.map(({ state }) => state)).toEqual(['refused', 'refused']));
    }
  } finally {
    await mirror.close();
    fs.rmSync(folder, { recursive: true });
  }
});
