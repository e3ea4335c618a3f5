/** Tests of the log's way out: a reader that hangs, and one that is gone. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { expect, it } from 'vitest';
import { mustRun } from './command.ts';
import { openLines } from './lines.ts';

const LINE = `${'x'.repeat(1_023)}\n`;

async function fifo(): Promise<{ reader: number; writer: number }> {
  const file = path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'lines-')), 'pipe');
  await mustRun('mkfifo', [file], { timeLimitMs: 5_000 });
  const reader = fs.openSync(file, fs.constants.O_RDONLY | fs.constants.O_NONBLOCK);
  return { reader, writer: fs.openSync(file, 'w') };
}

it('goes on at once when nobody reads, and says later how much was lost', async () => {
  const { reader, writer } = await fifo();
  const lines = openLines(writer);
  for (let n = 0; n < 3_000; n += 1) lines.write(LINE);
  let text = '';
  const room = Buffer.alloc(65_536);
  await expect
    .poll(
      () => {
        try {
          text += room.toString('latin1', 0, fs.readSync(reader, room));
        } catch {
          // Nothing to read at this moment.
        }
        return text;
      },
      { interval: 1, timeout: 10_000 },
    )
    .toMatch(/\(\d+ lines were lost/);
  const lost = Number(/\((\d+) lines/.exec(text)?.[1]);
  expect(lost).toBeGreaterThan(0);
  expect(text.split(LINE).length - 1 + lost).toBe(3_000);
});

it('does not mind a reader that is gone', async () => {
  const { reader, writer } = await fifo();
  fs.closeSync(reader);
  const lines = openLines(writer);
  lines.write(LINE);
  lines.write(LINE);
  lines.flush();
  const file = path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'lines-')), 'log');
  const kept = openLines(fs.openSync(file, 'w'));
  for (const word of ['one\n', 'two\n', 'three\n']) kept.write(word);
  await expect.poll(() => fs.readFileSync(file, 'utf8')).toBe('one\ntwo\nthree\n');
});
