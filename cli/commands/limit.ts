/** `standby limit`: how fast the mirror may read from the main, by hours. */
import type { Command } from 'commander';
import type { LimitList } from '../../api/limit.ts';
import { routes } from '../../api/routes.ts';
import { asksDaemon, type CommonOptions, must, openCalling, sayAccepted } from '../calling.ts';
import { usage } from '../usage.ts';
import { rateWords } from '../words/load.ts';

const NONE = 'none';

export function addLimit(program: Command): void {
  asksDaemon(
    program
      .command('limit [rate] [hours]')
      .description('show or set how fast the mirror may read from the main, by hours')
      .option('--days <days>', 'on which days it begins, for example mon-fri; every day when left out'),
  ).action(async (rate: string | undefined, hours: string | undefined, options: CommonOptions & { days?: string }) => {
    const { days } = options;
    if (days !== undefined && (rate === undefined || rate === NONE))
      throw usage('--days belongs to a rate', 'like: standby limit 20mbit 08-18 --days mon-fri');
    if (rate === NONE && hours !== undefined) throw usage('none takes every limit away and has no hours');
    const { screen, client } = openCalling(options);
    if (rate === undefined) {
      const list = await must(client.call(routes.limits));
      screen.result(list);
      for (const line of limitLines(list)) screen.line(line);
      return;
    }
    const limits = rate === NONE ? [] : [{ rate, ...(hours && { hours }), ...(days !== undefined && { days }) }];
    const answer = await must(client.call(routes.setLimits, { body: { limits } }));
    screen.result(answer);
    sayAccepted(screen, answer);
  });
}

function limitLines({ limits, nowBytesPerSecond, limiting }: LimitList): string[] {
  if (limits.length === 0) return ['No limit: the mirror reads from the main as fast as the main lets it.'];
  const now =
    nowBytesPerSecond === 0
      ? 'None of them holds now.'
      : `Now: ${rateWords(nowBytesPerSecond)}${limiting ? ', and it is holding the mirror back' : ', which nothing reaches'}.`;
  return [...limits.map(({ rate, hours, days }) => `${rate.padEnd(9)} ${hours.padEnd(11)} ${days}`), now];
}
