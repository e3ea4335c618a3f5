/** `standby setup`: tells the standby which file server it stands by for (Refresh, Available Shares, Save Configuration). */
import type { Command } from 'commander';
import { routes } from '../../api/routes.ts';
import type { Status } from '../../api/status.ts';
import { printable } from '../../base/human.ts';
import { asksDaemon, must, openCalling } from '../calling.ts';
import { safe } from '../screen.ts';
import { gatherSetup } from '../setup/dialog.ts';
import { requestFrom, type SetupOptions, setupFlags } from '../setup/flags.ts';

export function addSetup(program: Command): void {
  asksDaemon(
    setupFlags(
      program.command('setup').description('choose the main and its shares; asks for what the options do not say'),
    ),
  ).action(async (options: SetupOptions) => {
    const calling = openCalling(options);
    const request = options.from === undefined ? await gatherSetup(options, calling) : await requestFrom(options.from);
    const answer = await must(calling.client.call(routes.setup, { body: request }));
    const { screen } = calling;
    screen.result({ ...answer, shares: request.shares });
    // The settings may hold patience of their own, which a set-up leaves as it is.
    const { takeover } = await must(calling.client.call(routes.status));
    screen.line(printable(answer.why));
    screen.line(
      safe`  ${request.main.name} at ${request.main.address} on ${request.interface}: ${request.shares.join(', ')}`,
    );
    screen.line(`  ${takeoverWords(takeover)}`);
    screen.line('  Next: standby start-sync');
  });
}

/** When it takes over, so that nobody learns it from an outage. */
function takeoverWords({ mode, patience }: Status['takeover']): string {
  const who = mode === 'automatic' ? 'Takes over by itself' : 'Sends a mail and waits for you';
  return printable(`${who}. Its patience with the main: ${patience}.`);
}
