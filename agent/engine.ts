/**
 * The mirror engine: a child process of standbyd that alone touches users' data. It speaks over descriptor 3 and ends when
 * that closes, or when standbyd has said nothing for long: an engine without a master must not go on writing.
 * It beats from a timer, so a beat is the proof that its loop is not stuck on a disk.
 */
import net from 'node:net';
import { openChannel } from '../base/channel.ts';
import { systemClock } from '../base/clock.ts';
import { openLog } from '../base/log.ts';
import { ENGINE_BEAT_MS, type FromEngine, toEngine } from './engine-messages.ts';
import { Orders } from './engine-orders.ts';

const CHANNEL_DESCRIPTOR = 3;
/** Without a beat of standbyd for so long we are alone. */
const MASTER_SILENT_MS = 10_000;

const log = openLog('engine', {
  clock: systemClock,
  format: process.argv.includes('--log=json') ? 'json' : 'human',
  priorityPrefix: process.env['JOURNAL_STREAM'] !== undefined,
  least: 'info',
  write: (line) => process.stderr.write(line),
});

let heardMs = systemClock.monoMs();
let tickMs = heardMs;
let beats = 0;

/** At once: what is half done has no name yet, and the index is made for being cut off. */
const end = (why: string): never => {
  log.notice(`ending: ${why}`);
  process.exit(0);
};

const orders = new Orders({ log, tell: (message) => tell(message), end });

const channel = openChannel(
  new net.Socket({ fd: CHANNEL_DESCRIPTOR, readable: true, writable: true }),
  (value) => toEngine.parse(value),
  {
    message(message) {
      heardMs = systemClock.monoMs();
      if (message.kind !== 'beat') orders.take(message);
    },
    closed: (why) => end(`the channel to standbyd closed (${why})`),
  },
);

function tell(message: FromEngine): void {
  if (channel.open) channel.send(message);
}

setInterval(() => {
  const nowMs = systemClock.monoMs();
  // We were frozen ourselves: what standbyd said meanwhile is still to be read.
  if (nowMs - tickMs > 4 * ENGINE_BEAT_MS) heardMs = nowMs;
  tickMs = nowMs;
  if (nowMs - heardMs > MASTER_SILENT_MS) end('standbyd is silent');
  beats += 1;
  tell({ kind: 'beat', n: beats, rssBytes: process.memoryUsage.rss() });
}, ENGINE_BEAT_MS);
