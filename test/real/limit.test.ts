/** `standby limit` through the whole product: it holds at once, stands in the settings, and outlives a death of the engine and of standbyd. */
import fs from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { checkSettings } from '../../settings/read.ts';
import { type Office, openOffice } from './office.ts';

const LONG_MS = 120_000;
const WAIT_MS = 30_000;
const MEGABIT = 125_000;
let office: Office;

beforeAll(async () => {
  office = await openOffice();
  await office.standBy();
}, LONG_MS);
afterAll(() => office?.close());

const holds = (bytesPerSecond: number) =>
  office.until(`a limit of ${bytesPerSecond} B/s holds`, WAIT_MS, ({ mirror, processes }) => {
    return processes.engine.alive && mirror.load.limitBytesPerSecond === bytesPerSecond;
  });

function inSettings(): unknown {
  const checked = checkSettings(fs.readFileSync(office.box.settingsFile, 'utf8'));
  return checked.kind === 'good' ? checked.settings.limit : checked.problems;
}

it(
  'holds at once and is kept',
  async () => {
    await office.box.standby(['limit', '2mbit']);
    await holds(2 * MEGABIT);
    expect(inSettings()).toMatchObject([{ bytesPerSecond: 2 * MEGABIT, fromMinute: 0, toMinute: 1_440 }]);
    const { pid } = (await office.box.status()).processes.engine;
    process.kill(pid, 'SIGKILL');
    await office.until(
      'another engine',
      WAIT_MS,
      ({ processes }) => processes.engine.alive && processes.engine.pid !== pid,
    );
    await holds(2 * MEGABIT);
    await office.box.end('SIGTERM');
    office.box.start();
    await office.answering();
    await holds(2 * MEGABIT);
  },
  LONG_MS,
);

it('leaves everything as it is when it cannot be read', async () => {
  const before = fs.readFileSync(office.box.settingsFile, 'utf8');
  const ran = await office.box.run(['limit', '20mbit', '8 to 6']);
  expect(ran.exitCode).toBe(15);
  expect(JSON.stringify(ran)).toContain('limit[0].hours: is not a span of a day like 08-18');
  expect(fs.readFileSync(office.box.settingsFile, 'utf8')).toBe(before);
  await holds(2 * MEGABIT);
});

it('ends at once, and leaves no trace in the settings', async () => {
  await office.box.standby(['limit', 'none']);
  await holds(0);
  expect(inSettings()).toEqual([]);
  expect(await office.box.standby(['limit'])).toMatchObject({ limits: [], nowBytesPerSecond: 0 });
});
