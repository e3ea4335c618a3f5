/** The writing thread of bench/smb-get.ts: makes each file from its slot, with its written time, and gives the slots back. */
import fs from 'node:fs';
import path from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import { SLOT_BYTES, type WriteOrder } from './smb-get-slots.ts';

const { memory, folder } = workerData as { memory: SharedArrayBuffer; folder: string };
const bytes = Buffer.from(memory);

parentPort?.on('message', (orders: WriteOrder[]) => {
  for (const { path: file, slot, bytes: length, writtenMs } of orders) {
    const fd = fs.openSync(path.join(folder, file), 'wx');
    fs.writeSync(fd, bytes, slot * SLOT_BYTES, length);
    fs.futimesSync(fd, writtenMs / 1_000, writtenMs / 1_000);
    fs.closeSync(fd);
  }
  parentPort?.postMessage(orders.map(({ slot }) => slot));
});
