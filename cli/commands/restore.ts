/** `standby restore-files`: shows the plan, asks, and carries out exactly that plan. */
import type { Command } from 'commander';
import { routes } from '../../api/routes.ts';
import type { Status } from '../../api/status.ts';
import { asksDaemon, type CommonOptions, must, openCalling, sayAccepted, statusOfMain } from '../calling.ts';
import { confirmName } from '../confirm.ts';
import { followUntil, type Reached } from '../follow.ts';
import { planLines, restoreLine } from '../words/restore.ts';
import { sentenceLines } from '../words/status.ts';

interface Options extends CommonOptions {
  plan?: true;
  yes?: true;
  wait?: true;
}

export function addRestore(program: Command): void {
  asksDaemon(
    program
      .command('restore-files')
      .description('send what changed here while the main was away back to it (Restore Files)')
      .option('--plan', 'only show the plan; nothing is changed')
      .option('--yes', 'do not ask')
      .option('--wait', 'wait until it is done, showing its progress'),
  ).action(async (options: Options) => {
    const { screen, client } = openCalling(options);
    const { main } = await statusOfMain(client);
    const plan = await must(client.call(routes.planRestore));
    for (const line of planLines(plan, main.name)) screen.line(line);
    if (options.plan === true) return screen.result(plan);
    const confirm = await confirmName(options.yes === true ? main.name : undefined, main.name, '--yes', screen);
    const answer = await must(client.call(routes.restoreFiles, { body: { confirm, planHash: plan.hash } }));
    sayAccepted(screen, answer);
    if (options.wait !== true) return screen.result({ ...answer, plan });
    const status = await followUntil(
      client,
      screen,
      (now, progress) => [
        ...sentenceLines(now, screen.paint),
        ...(progress === undefined ? [] : [restoreLine(progress)]),
      ],
      restored,
    );
    screen.result({ ...answer, plan, mode: status.mode });
    if (!screen.live) for (const line of sentenceLines(status, screen.paint)) screen.line(line);
  });
}

/** Back in «handed back» means that something could not be sent: the changes still wait here. */
function restored({ mode }: Status): Reached {
  if (mode === 'restoring') return 'going';
  return mode === 'handed-back' ? 'off' : 'done';
}
