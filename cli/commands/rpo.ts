/** `standby rpo`: how far behind the mirror is, measured from the changes themselves. */
import type { Command } from 'commander';
import { routes } from '../../api/routes.ts';
import { asksDaemon, type CommonOptions, must, openCalling } from '../calling.ts';
import { rpoLines } from '../words/rpo.ts';

export function addRpo(program: Command): void {
  asksDaemon(
    program
      .command('rpo')
      .description('say how long changes took to arrive in the last 24 hours, and what is not here now'),
  ).action(async (options: CommonOptions) => {
    const { screen, client } = openCalling(options);
    const rpo = await must(client.call(routes.rpo));
    screen.result(rpo);
    for (const line of rpoLines(rpo)) screen.line(line);
  });
}
