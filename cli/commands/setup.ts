/** `standby setup`: tells the standby which file server it stands by for (Refresh, Available Shares, Save Configuration). */
import type { Command } from 'commander';
import { routes } from '../../api/routes.ts';
import { humanDuration, printable } from '../../base/human.ts';
import { type Profile, patienceOf } from '../../settings/timings.ts';
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
    screen.line(printable(answer.why));
    screen.line(
      safe`  ${request.main.name} at ${request.main.address} on ${request.interface}: ${request.shares.join(', ')}`,
    );
    screen.line(`  ${takeoverWords(request.takeover ?? 'automatic', request.profile ?? 'default')}`);
    screen.line('  Next: standby start-sync');
  });
}

/** When it takes over, so that nobody learns it from an outage. */
function takeoverWords(mode: 'automatic' | 'manual', profile: Profile): string {
  const { refused, silent, frozen } = patienceOf(profile);
  const who = mode === 'automatic' ? 'Takes over by itself' : 'Sends a mail and waits for you';
  return `${who} when the main refuses for ${humanDuration(refused)}, is silent for ${humanDuration(silent)}, or is frozen for ${humanDuration(frozen)}.`;
}
