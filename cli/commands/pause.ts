/** `standby pause` and `standby resume`: automatic take-over off for a while, as for maintenance on the main. */
import type { Command } from 'commander';
import { PAUSE_LIMIT_MINUTES } from '../../api/command.ts';
import { routes } from '../../api/routes.ts';
import { asksDaemon, type CommonOptions, must, openCalling, sayAccepted } from '../calling.ts';
import { usage } from '../usage.ts';

const MINUTES: Record<string, number> = { min: 1, m: 1, h: 60, d: 24 * 60 };

export function addPause(program: Command): void {
  asksDaemon(
    program
      .command('pause [duration]')
      .description('no automatic take-over for a while (30min, 2h, 1d), or until resumed'),
  ).action(async (duration: string | undefined, options: CommonOptions) => {
    const { screen, client } = openCalling(options);
    const answer = await must(
      client.call(routes.pause, { body: duration === undefined ? {} : { minutes: minutesOf(duration) } }),
    );
    screen.result(answer);
    sayAccepted(screen, answer);
  });
  asksDaemon(program.command('resume').description('automatic take-over is on again')).action(
    async (options: CommonOptions) => {
      const { screen, client } = openCalling(options);
      const answer = await must(client.call(routes.resume));
      screen.result(answer);
      sayAccepted(screen, answer);
    },
  );
}

/** Whole minutes, from `90`, `90min`, `90m`, `2h` or `1d`. Throws a Failure `usage`. */
export function minutesOf(text: string): number {
  const match = /^(\d{1,6})\s*(min|m|h|d)?$/.exec(text.trim());
  const minutes = Number(match?.[1]) * (MINUTES[match?.[2] ?? 'min'] ?? 1);
  if (match !== null && minutes >= 1 && minutes <= PAUSE_LIMIT_MINUTES) return minutes;
  throw usage('the duration must be like 30min, 2h or 1d, from one minute to seven days');
}
