/** `standby events`: decisions and alerts, and with --follow those to come. */
import type { Command } from 'commander';
import { EVENTS_LIMIT, type LogEvent } from '../../api/event.ts';
import { routes } from '../../api/routes.ts';
import { asksDaemon, type CommonOptions, must, openCalling } from '../calling.ts';
import { streamEnded } from '../follow.ts';
import { usage } from '../usage.ts';
import { eventLines } from '../words/event.ts';

interface Options extends CommonOptions {
  follow?: true;
  after?: string;
}

export function addEvents(program: Command): void {
  asksDaemon(
    program
      .command('events')
      .description(`show the decisions and alerts, oldest first, at most ${EVENTS_LIMIT}`)
      .option('--after <id>', 'only those after the event with this number')
      .option('--follow', 'go on with those to come until Ctrl-C; with --json one object per event'),
  ).action(async (options: Options) => {
    const { screen, client } = openCalling(options);
    const after = options.after ?? '0';
    if (!/^\d{1,15}$/.test(after)) throw usage('--after wants the number of an event');
    const show = (event: LogEvent): void => {
      for (const line of eventLines(event, screen.paint)) screen.line(line);
    };
    if (options.follow !== true) {
      const list = await must(client.call(routes.events, { query: { after } }));
      screen.result(list);
      list.events.forEach(show);
      const newest = list.events.at(-1);
      if (newest === undefined)
        screen.line(after === '0' ? 'Nothing has happened yet.' : `Nothing has happened after event ${after}.`);
      else if (newest.id < list.last) screen.line(`There are more: standby events --after ${newest.id}`);
      return;
    }
    for await (const message of await must(client.stream(Number(after)))) {
      if (message.kind !== 'event') continue;
      screen.result(message.event);
      show(message.event);
    }
    throw streamEnded();
  });
}
