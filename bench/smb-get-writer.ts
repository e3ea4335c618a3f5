/** The writing thread of bench/smb-get.ts: makes each file from its slot, with its written time, and gives the slots back. */
import fs from 'node:fs';
import path from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import { type Memory, openSlots } from './smb-get-slots.ts';

const { memory, folder } = workerData as { memory: Memory; folder: string };
const slots = openSlots(memory);
const WAIT_MS = 1_000;
/** Slots go back in groups: a message costs more than a file's log entry. */
const GROUP = 32;

let seen = 0;
let written: number[] = [];

function giveBack(): void {
  if (written.length > 0) parentPort?.postMessage(written);
  written = [];
}

// It ends with the process: the SMB thread knows when everything is written.
for (;;) {
  if (slots.rung(seen, 0) === seen) giveBack();
  const rung = slots.rung(seen, WAIT_MS);
  for (; seen < rung; seen += 1) {
    const slot = slots.nth(seen);
    const { path: file, length, writtenMs } = slots.describe(slot);
    const { bytes, at } = slots.contentOf(slot);
    const fd = fs.openSync(path.join(folder, file), 'wx');
    fs.writeSync(fd, bytes, at, length);
    fs.futimesSync(fd, writtenMs / 1_000, writtenMs / 1_000);
    fs.closeSync(fd);
    written.push(slot);
    if (written.length >= GROUP) giveBack();
  }
}
