/** `standby status`: one sentence first, then the figures; --watch keeps it current. */
import type { Command } from 'commander';
import { routes } from '../../api/routes.ts';
import { asksDaemon, type Calling, type CommonOptions, must, openCalling } from '../calling.ts';
import { streamEnded } from '../follow.ts';
import { statusLines } from '../words/status.ts';

export function addStatus(program: Command): void {
  asksDaemon(
    program
      .command('status')
      .description('say in one sentence how things stand, then show the figures')
      .option('--watch', 'keep showing it until Ctrl-C; with --json one object per change'),
  ).action(async (options: CommonOptions & { watch?: true }) => {
    const calling = openCalling(options);
    if (options.watch === true) return watch(calling);
    const { screen, client } = calling;
    const status = await must(client.call(routes.status));
    screen.result(status);
    for (const line of statusLines(status, screen.paint)) screen.line(line);
  });
}

/** On a terminal the picture stays in place; elsewhere it is printed anew only when the sentence changes. */
async function watch({ screen, client }: Calling): Promise<void> {
  let said = '';
  for await (const message of await must(client.stream())) {
    if (message.kind !== 'status') continue;
    const { status } = message;
    screen.result(status);
    if (screen.live || status.sentence.sentence !== said) screen.redraw(statusLines(status, screen.paint));
    said = status.sentence.sentence;
  }
  throw streamEnded();
}
