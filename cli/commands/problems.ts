/** `standby problems`: the files that could not be copied now, and why. */
import type { Command } from 'commander';
import { routes } from '../../api/routes.ts';
import { counted } from '../../base/human.ts';
import { asksDaemon, type CommonOptions, must, openCalling } from '../calling.ts';
import { safe } from '../screen.ts';

export function addProblems(program: Command): void {
  asksDaemon(program.command('problems').description('list the files that could not be copied now')).action(
    async (options: CommonOptions) => {
      const { screen, client } = openCalling(options);
      const list = await must(client.call(routes.problems));
      screen.result(list);
      for (const { share, path, why } of list.problems) screen.line(safe`${share}/${path}: ${why}`);
      const { length } = list.problems;
      screen.line(length === 0 ? 'Everything could be copied.' : `${counted(length, 'file')} could not be copied.`);
    },
  );
}
