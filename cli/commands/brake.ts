/** `standby brake show|allow|reject`: what looked like damage, and a person's word on it. */
import type { Command } from 'commander';
import { routes } from '../../api/routes.ts';
import { printable } from '../../base/human.ts';
import { asksDaemon, type CommonOptions, must, openCalling, sayAccepted, statusOfMain } from '../calling.ts';
import { confirmName } from '../confirm.ts';
import { brakeLines } from '../words/brake.ts';

interface Options extends CommonOptions {
  confirm?: string;
}

/** Lines of each list. */
const SHOWN = 50;

export function addBrake(program: Command): void {
  const brake = program.command('brake').description('stop copying when the changes on the main look like damage');

  asksDaemon(brake.command('show').description('show what the brake has seen, and what it holds')).action(
    async (options: CommonOptions) => {
      const { screen, client } = openCalling(options);
      const list = await must(client.call(routes.brake));
      const status = await must(client.call(routes.status));
      screen.result({ brake: status.brake, ...list });
      for (const line of brakeLines(status.brake, list, SHOWN)) screen.line(line);
    },
  );

  answer(
    brake.command('allow').description('accept what is on the main now; mirroring goes on with a full pass'),
    routes.brakeAllow,
    'whatever the brake holds is copied, also over the last good state; what it replaces waits in the attic for a week.',
  );
  answer(
    brake.command('reject').description('put the mirror back to its last good state; nothing is copied until allow'),
    routes.brakeReject,
    'the damaged copies here are replaced by the versions before; the main is not touched.',
  );
}

function answer(
  command: Command,
  route: typeof routes.brakeAllow | typeof routes.brakeReject,
  consequence: string,
): void {
  asksDaemon(command)
    .option('--confirm <name>', "the main's name, where nobody can type it")
    .action(async (options: Options) => {
      const { screen, client } = openCalling(options);
      const { main } = await statusOfMain(client);
      if (options.confirm === undefined && screen.canAsk) screen.note(`If you go on, ${consequence}`);
      const confirm = await confirmName(options.confirm, main.name, `--confirm ${printable(main.name)}`, screen);
      const said = await must(client.call(route, { body: { confirm } }));
      screen.result(said);
      sayAccepted(screen, said);
    });
}
