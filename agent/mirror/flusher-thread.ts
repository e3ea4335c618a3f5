/**
 * The thread that waits for the disk, so that the engine's own loop never does: flushes the mirror's file system, and moves
 * the index's write-ahead log into its file.
 */
import fs from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { parentPort, workerData } from 'node:worker_threads';
import { textOf } from '../../base/failure.ts';
import { syncFileSystem } from '../../base/libc.ts';

/** From flusher.ts, which starts this and nobody else; a schema library would cost the thread 5 MB. */
const { mirrorPath, indexFile } = workerData as { mirrorPath: string; indexFile: string };
const folder = fs.openSync(mirrorPath, fs.constants.O_RDONLY | fs.constants.O_DIRECTORY);
const index = new DatabaseSync(indexFile);
/** Pages of 4 KiB in the log before it is worth the effort. */
const LOG_LIMIT_BYTES = 16 * 1_048_576;

/** Moves all that is in the log; false while somebody goes on writing behind it. */
function checkpoint(): boolean {
  const done = index.prepare('PRAGMA wal_checkpoint(PASSIVE)').get();
  return done?.['log'] === done?.['checkpointed'];
}

parentPort?.on('message', (order) => {
  if (order === 'empty-log') {
    let isEmpty = false;
    try {
      isEmpty = checkpoint();
    } catch {
      // Told by the flushes, if the disk has failed; the log may stay long.
    }
    parentPort?.postMessage({ isEmpty });
    return;
  }
  let why = '';
  try {
    syncFileSystem(folder);
    const log = fs.statSync(`${indexFile}-wal`, { throwIfNoEntry: false });
    if (log !== undefined && log.size > LOG_LIMIT_BYTES) checkpoint();
  } catch (error) {
    why = textOf(error);
  }
  parentPort?.postMessage(why);
});
