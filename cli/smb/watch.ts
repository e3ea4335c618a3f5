/** `standby smb watch`: what changes in a folder, line by line as it is told, until Ctrl-C. */
import type { Command } from 'commander';
import { systemClock } from '../../base/clock.ts';
import { printable } from '../../base/human.ts';
import type { WatchBatch } from '../../smb/index.ts';
import { exitCodes } from '../exit.ts';
import type { Screen } from '../screen.ts';
import { moment } from '../words/time.ts';
import { asksServer, atShare, type SmbOptions } from './calling.ts';
import { interruptible } from './interrupt.ts';

interface Options extends SmbOptions {
  recursive?: true;
}

export function addWatch(smb: Command): void {
  asksServer(
    smb
      .command('watch <address>')
      .description('show what changes in a folder of a share until Ctrl-C')
      .option('-R, --recursive', 'with everything below it'),
    'change',
  ).action((text: string, options: Options) =>
    atShare(text, options, ({ screen, share, path, address }) =>
      interruptible(async (signal) => {
        const watch = await share.watch(path, { recursive: options.recursive === true });
        signal.addEventListener('abort', () => watch.close());
        if (signal.aborted) watch.close();
        screen.note(`Watching ${printable(address)}; Ctrl-C ends it.`);
        for await (const batch of watch.batches) tell(screen, batch, systemClock.wallMs());
        process.exitCode = exitCodes.interrupted.code;
      }),
    ),
  );
}

function tell(screen: Screen, batch: WatchBatch, atMs: number): void {
  const at = new Date(atMs).toISOString();
  if (batch.kind === 'overflow') {
    screen.result({ at, action: 'overflow', path: '' });
    screen.line(`${moment(atMs)}  overflow      the server lost events: everything must be looked at again`);
    return;
  }
  for (const { action, path } of batch.changes) {
    screen.result({ at, action, path });
    screen.line(`${moment(atMs)}  ${action.padEnd(12)}  ${printable(path)}`);
  }
  for (const name of batch.refused) {
    screen.result({ at, action: 'refused', path: name });
    screen.note(`a name that is not safe to use changed: ${printable(name)}`);
  }
}
