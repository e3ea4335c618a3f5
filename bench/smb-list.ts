/**
 * Lists 20,000 files in 200 folders of a smbd, with names, sizes and times, without and with a delay on the wire: our client, many folders at
 * once, against what a user could pick.
 */
import fs from 'node:fs';
import path from 'node:path';
import type { Part, Report } from './report.ts';
import { type Delay, openDelay, proveDelay } from './smb/delay.ts';
import { type Ground, openGround, PORT } from './smb/ground.ts';
import { type Listing, readListing } from './smb/listing.ts';
import { LIST } from './smb/peers.ts';
import { partOf, race } from './smb/race.ts';
import { runProgram } from './smb/run.ts';

const FILES = 20_000;
const FOLDERS = 200;
const DISK_MB = 500;
const DELAY_MS = 1;
const DELAYED_PORT = 4456;

export async function run(rounds: number): Promise<Report> {
  const ground = await openGround(DISK_MB, [{ name: 'bench', folder: 'source' }]);
  let delay: Delay | undefined;
  try {
    const expected = makeFiles(`${ground.disk}/source`);
    const realMs = await proveDelay(DELAYED_PORT, DELAY_MS);
    const parts: Record<string, Part> = {};
    const notes = [
      ground.conditions,
      `${FILES} files in ${FOLDERS} folders, written to a file as lines with path, size and written time; smbclient tells times by the second`,
      'ours has up to 32 folders in flight, rclone 16, the others one',
      `${DELAY_MS}ms: the wire adds ${realMs.toFixed(3)} ms each way, measured with single bytes to and fro`,
    ];
    delay = await openDelay(DELAYED_PORT, PORT, DELAY_MS);
    for (const [part, port] of Object.entries({ '0ms': PORT, [`${DELAY_MS}ms`]: delay.port })) {
      const { results, notes: told } = await listed(ground, port, expected, rounds);
      parts[part] = partOf(results);
      notes.push(...told.map((note) => `${part}, ${note}`));
    }
    return { bench: 'smb-list', unit: 'ms', better: 'lower', parts, notes };
  } finally {
    await delay?.end();
    await ground.close();
  }
}

function listed(ground: Ground, port: number, expected: Listing, rounds: number) {
  const place = { port, share: 'bench' };
  const peers = Object.entries(LIST).map(([name, list]) => ({ name, work: (folder: string) => list(place, folder) }));
  const ours = { name: 'ours', work: (folder: string) => runProgram('./ours-list.ts', place, { folder }) };
  return race(ground, [ours, ...peers], {
    rounds,
    folder: 'listed',
    check(name, folder) {
      const found = readListing(fs.readFileSync(`${folder}/listing`, 'utf8'));
      if (found.files !== expected.files || found.bytes !== expected.bytes)
        throw new Error(
          `${name} lists ${found.files} files of ${found.bytes} bytes, not ${expected.files} of ${expected.bytes}`,
        );
    },
    units: FILES,
    unit: 'file',
    idle: 'the wire',
  });
}

/** Files that have a size and no content. */
function makeFiles(folder: string): Listing {
  let bytes = 0;
  for (let n = 0; n < FILES; n += 1) {
    const sub = path.join(folder, `folder ${n % FOLDERS}`);
    if (n < FOLDERS) fs.mkdirSync(sub, { recursive: true });
    const fd = fs.openSync(path.join(sub, `file ${n}.dat`), 'wx');
    fs.ftruncateSync(fd, n);
    fs.closeSync(fd);
    bytes += n;
  }
  return { files: FILES, bytes };
}
