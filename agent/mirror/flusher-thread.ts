/**
 * The thread that waits for the disk, so that the engine's own loop never does: flushes the mirror's file systems, flushes the
 * index's write-ahead log, and moves that into the index's file.
 */
import fs from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { parentPort, workerData } from 'node:worker_threads';
import { textOf } from '../../base/failure.ts';
import { syncFolder } from '../../base/file.ts';
import { syncFileSystem } from '../../base/libc.ts';

/** From flusher.ts, which starts this and nobody else; a schema library would cost the thread 5 MB. */
const { folders, indexFile } = workerData as { folders: string[]; indexFile: string };
const index = new DatabaseSync(indexFile);
const logFile = `${indexFile}-wal`;
/** Pages of 4 KiB in the log before it is worth the effort. */
const LOG_LIMIT_BYTES = 16 * 1_048_576;
/** One open folder on each file system: a share may have a disk of its own. */
const roots = new Map<number, number>();
for (const folder of folders) {
  const fd = fs.openSync(folder, fs.constants.O_RDONLY | fs.constants.O_DIRECTORY);
  const { dev } = fs.fstatSync(fd);
  if (roots.has(dev)) fs.closeSync(fd);
  else roots.set(dev, fd);
}
let isLogNamed = false;

/** Moves all that is in the log; false while somebody goes on writing behind it. */
function checkpoint(): boolean {
  const done = index.prepare('PRAGMA wal_checkpoint(PASSIVE)').get();
  return done?.['log'] === done?.['checkpointed'];
}

function flush(): void {
  for (const fd of roots.values()) syncFileSystem(fd);
  const log = fs.statSync(logFile, { throwIfNoEntry: false });
  if (log !== undefined && log.size > LOG_LIMIT_BYTES) checkpoint();
}

/** By a descriptor of its own: SQLite has no lock on this file that closing it could take away. */
function keep(): void {
  const fd = fs.openSync(logFile, fs.constants.O_RDWR);
  try {
    fs.fdatasyncSync(fd);
  } finally {
    fs.closeSync(fd);
  }
  if (!isLogNamed) syncFolder(path.dirname(logFile));
  isLogNamed = true;
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
    if (order === 'flush') flush();
    else keep();
  } catch (error) {
    why = textOf(error);
  }
  parentPort?.postMessage(why);
});
