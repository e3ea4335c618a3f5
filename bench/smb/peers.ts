/** What a user could pick instead of our client: smbclient, rclone, and what stands on libsmbclient. Each does its work as a whole process. */
import { mustRun } from '../../base/command.ts';
import { CREDENTIALS_FILE, HOST, LIMIT_MS, RCLONE_FILE, shareForRclone } from './ground.ts';
import { type Place, runProgram } from './run.ts';

type Work = (place: Place, folder: string) => Promise<void>;
/** Names as they stand in a report. */
type Peers = Readonly<Record<string, Work>>;

/** Copies the whole share to the folder. */
export const COPY = {
  'smbclient mget': (place, folder) => smbclient(place, `lcd "${folder}"; prompt OFF; recurse ON; mget *`),
  'smbclient tar': (place, folder) =>
    shell(
      'smbclient "$1" -p "$2" -A "$3" -Tc - 2>/dev/null | tar -x -C "$4"',
      ...[share(place), String(place.port), CREDENTIALS_FILE, folder],
    ),
  rclone: (place, folder) => rclone('copy', remote(place), folder),
  libsmbclient: (place, folder) => runProgram('./library.ts', place, { work: 'copy', folder }),
} satisfies Peers;

/** Makes the folder equal to the share, as often as it is called. */
export const MIRROR = {
  'rclone sync': (place: Place, folder: string) => rclone('sync', remote(place), folder),
} as const;

/** Copies the share's one file `big` to the folder. smbclient tar goes the way of smbclient get. */
export const COPY_BIG: Peers = {
  'smbclient get': (place, folder) => smbclient(place, `lcd "${folder}"; get big`),
  rclone: (place, folder) => rclone('copy', remote(place), folder),
  libsmbclient: (place, folder) => runProgram('./library.ts', place, { work: 'copy', folder }),
};

/** Lists the whole share with names, sizes and times to the file `listing` in the folder. */
export const LIST: Peers = {
  smbclient: (place, folder) => smbclient(place, 'recurse ON; ls', `${folder}/listing`),
  rclone: (place, folder) => rcloneTo(`${folder}/listing`, 'lsf', '-R', '--format', 'pst', remote(place)),
  libsmbclient: (place, folder) => runProgram('./library.ts', place, { work: 'list', folder }),
};

/** Copies the folder into the share. */
export const PUT: Peers = {
  'smbclient mput': (place, folder) => smbclient(place, `lcd "${folder}"; prompt OFF; recurse ON; mput *`),
  rclone: (place, folder) => rclone('copy', folder, remote(place)),
  libsmbclient: (place, folder) => runProgram('./library.ts', place, { work: 'put', folder }),
};

const share = (place: Place): string => `//${HOST}/${place.share}`;

/** The share as rclone is told it. */
const remote = (place: Place): string => `main,port=${place.port}:${shareForRclone(place.share)}`;

/** Its own choice is 4 files and 8 directories at once. */
const RCLONE = ['--config', RCLONE_FILE, '--transfers', '16', '--checkers', '16'];

function smbclient(place: Place, commands: string, output = '/dev/null'): Promise<void> {
  const args = [share(place), String(place.port), CREDENTIALS_FILE, commands, output];
  return shell('exec smbclient "$1" -p "$2" -A "$3" -c "$4" >"$5"', ...args);
}

function rclone(...args: string[]): Promise<void> {
  return rcloneTo('/dev/null', ...args);
}

function rcloneTo(output: string, ...args: string[]): Promise<void> {
  return shell('output=$1; shift; exec rclone "$@" >"$output"', output, ...RCLONE, ...args);
}

/** Through a shell where an output is too long for mustRun, or goes on to another program. */
async function shell(script: string, ...args: string[]): Promise<void> {
  await mustRun('sh', ['-c', script, 'sh', ...args], { timeLimitMs: LIMIT_MS });
}
