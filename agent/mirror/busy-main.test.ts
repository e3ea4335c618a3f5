/** A main that is short of memory for a moment is tried again: nobody is told that it refuses us. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { expect, it, vi } from 'vitest';
import { systemClock } from '../../base/clock.ts';
import { actionOf, STATUS, statusFailure } from '../../smb/status/status.ts';
import { silentLog } from '../../test/fakes/log.ts';
import type { FromEngine } from '../engine-messages.ts';
import { Mirror } from './index.ts';
import { Load } from './load/load.ts';

it.each(['NO_MEMORY', 'INSUFFICIENT_RESOURCES', 'INSUFF_SERVER_RESOURCES', 'TOO_MANY_SESSIONS'] as const)(
  'that answers TREE_CONNECT with %s',
  async (name) => {
    const failure = statusFailure(STATUS[name], 'connect to share', 'docs');
    expect(failure).toMatchObject({ code: 'nt-status', retry: true });
    expect(actionOf(failure)).toEqual({ do: 'retry', pause: 'later' });

    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'busy-main-'));
    let tries = 0;
    const told: FromEngine[] = [];
    const mirror = new Mirror({
      mirrorPath: path.join(folder, 'mirror'),
      statePath: path.join(folder, 'state'),
      shares: ['docs'],
      reserveBytes: 0,
      passEveryMs: 60_000,
      owner: { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 },
      async open() {
        tries += 1;
        throw failure;
      },
      load: new Load({ clock: systemClock, later: () => {} }),
      clock: systemClock,
      log: silentLog,
      random: () => 0.5,
      bootId: 'boot-1',
      tell: (message) => told.push(message),
      broken: () => {},
    });
    try {
      mirror.start();
      await vi.waitFor(() => expect(tries).toBeGreaterThanOrEqual(3), 10_000);
    } finally {
      await mirror.close();
      fs.rmSync(folder, { recursive: true });
    }
    const states = told.flatMap((message) =>
      message.kind === 'mirror' ? message.shares.map(({ state }) => state) : [],
    );
    expect(states).toContain('unreachable');
    expect(states).not.toContain('refused');
    expect(told.filter(({ kind }) => kind === 'alert')).toEqual([]);
  },
);
