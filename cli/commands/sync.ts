/** `standby start-sync` and `standby stop-sync`. */
import type { Command } from 'commander';
import { routes } from '../../api/routes.ts';
import type { Status } from '../../api/status.ts';
import { printable } from '../../base/human.ts';
import { asksDaemon, type CommonOptions, must, openCalling, sayAccepted } from '../calling.ts';
import { followUntil, type Reached } from '../follow.ts';
import { paceLine, sentenceLines, shareLine } from '../words/status.ts';

export function addSync(program: Command): void {
  asksDaemon(
    program
      .command('start-sync')
      .description('begin to mirror the shares and stand by')
      .option('--wait', 'wait until the first copy is complete, showing its progress'),
  ).action(async (options: CommonOptions & { wait?: true }) => {
    const { screen, client } = openCalling(options);
    const answer = await must(client.call(routes.startSync));
    sayAccepted(screen, answer);
    if (options.wait !== true) return screen.result(answer);
    const status = await followUntil(client, screen, (now) => progressLines(now, screen.paint), synced);
    screen.result({ ...answer, mode: status.mode, mirror: status.mirror });
    if (!screen.live) for (const line of progressLines(status, screen.paint)) screen.line(line);
  });
  asksDaemon(program.command('stop-sync').description('stop mirroring; nothing is protected then')).action(
    async (options: CommonOptions) => {
      const { screen, client } = openCalling(options);
      const answer = await must(client.call(routes.stopSync));
      screen.result(answer);
      sayAccepted(screen, answer);
    },
  );
}

/** A main that is merely suspected may come back and be mirrored on. */
function synced({ mode }: Status): Reached {
  if (mode === 'standing-by') return 'done';
  return mode === 'syncing' || mode === 'suspecting' ? 'going' : 'off';
}

function progressLines(status: Status, paint: Parameters<typeof sentenceLines>[1]): string[] {
  const { shares } = status.mirror;
  const widest = Math.min(30, Math.max(0, ...shares.map(({ share }) => printable(share).length)));
  return [
    ...sentenceLines(status, paint),
    ...shares.map((share) => `  ${shareLine(share, widest, status.atMs)}`),
    `  ${paceLine(status)}`,
  ];
}
