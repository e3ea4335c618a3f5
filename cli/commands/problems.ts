/** `standby problems`: the files that could not be copied now, and why. */
import type { Command } from 'commander';
import { routes } from '../../api/routes.ts';
import { counted, humanCount } from '../../base/human.ts';
import { asksDaemon, type CommonOptions, must, openCalling } from '../calling.ts';
import { safe } from '../screen.ts';

export function addProblems(program: Command): void {
  asksDaemon(program.command('problems').description('list the files that could not be copied now')).action(
    async (options: CommonOptions) => {
      const { screen, client } = openCalling(options);
      const list = await must(client.call(routes.problems));
      screen.result(list);
      for (const { share, path, why } of list.problems) screen.line(safe`${share}/${path}: ${why}`);
      if (screen.json) return;
      // The list is bounded; the mirror counts all of them.
      const { mirror } = await must(client.call(routes.status));
      const { length } = list.problems;
      const all = Math.max(length, mirror.skipped);
      const rest = all > length ? ` The first ${humanCount(length)} are shown.` : '';
      screen.line(all === 0 ? 'Everything could be copied.' : `${counted(all, 'file')} could not be copied.${rest}`);
    },
  );
}
