/** `standby force-failover` and `standby recover-ip`: the two commands that move the main's address. */
import type { Command } from 'commander';
import { routes } from '../../api/routes.ts';
import type { Status } from '../../api/status.ts';
import { counted, humanSize, printable } from '../../base/human.ts';
import { asksDaemon, type CommonOptions, must, openCalling, sayAccepted, statusOfMain } from '../calling.ts';
import { confirmName } from '../confirm.ts';
import { type Screen, safe } from '../screen.ts';

interface Options extends CommonOptions {
  confirm?: string;
}

/** Shares named in the list of what is missing; more are summed up. */
const SHARES_TOLD = 20;

export function addFailover(program: Command): void {
  dangerous(
    program
      .command('force-failover')
      .description("take the main's address and serve its files now (Force Actions)")
      .option('--accept-missing', 'also when the first copy is incomplete and users will miss files'),
  ).action(async (options: Options & { acceptMissing?: true }) => {
    const { screen, client } = openCalling(options);
    const { status, main } = await statusOfMain(client);
    const missing = missingLines(status);
    const consequence = safe`this box takes ${main.address} and serves; ${main.name} must stay off the network until recover-ip.`;
    for (const line of missing) screen.note(line);
    const confirm = await confirmed(options, main.name, consequence, screen);
    // Whoever typed the name has read the list; a script must say that it accepts it.
    const acceptMissing = options.acceptMissing === true || (options.confirm === undefined && missing.length > 0);
    const answer = await must(client.call(routes.forceFailover, { body: { confirm, acceptMissing } }));
    tell(options, consequence, screen);
    screen.result(answer);
    sayAccepted(screen, answer);
  });

  dangerous(program.command('recover-ip').description('give the address back to the main (Recover IP)')).action(
    async (options: Options) => {
      const { screen, client } = openCalling(options);
      const { main } = await statusOfMain(client);
      const consequence = safe`users lose this box's files until ${main.name} answers at ${main.address} again.`;
      const confirm = await confirmed(options, main.name, consequence, screen);
      const answer = await must(client.call(routes.recoverIp, { body: { confirm } }));
      tell(options, consequence, screen);
      screen.result(answer);
      sayAccepted(screen, answer);
    },
  );
}

/** The name to send. Whoever is asked for it is told before what going on means. */
async function confirmed(options: Options, mainName: string, consequence: string, screen: Screen): Promise<string> {
  if (options.confirm === undefined && screen.canAsk) screen.note(`If you go on, ${consequence}`);
  return confirmName(options.confirm, mainName, `--confirm ${printable(mainName)}`, screen);
}

/** Whoever was not asked hears it when it is so: the daemon may have refused. */
function tell(options: Options, consequence: string, screen: Screen): void {
  if (options.confirm !== undefined) screen.note(`Now ${consequence}`);
}

function dangerous(command: Command): Command {
  return asksDaemon(command).option('--confirm <name>', "the main's name, where nobody can type it");
}

/** What users would miss, share by share; nothing when everything is here. */
function missingLines({ mirror }: Status): string[] {
  const lacking = mirror.shares.filter(({ complete, filesToDo, skipped }) => !complete || filesToDo > 0 || skipped > 0);
  const lines = lacking.slice(0, SHARES_TOLD).map(({ share, complete, filesToDo, bytesToDo, skipped }) => {
    const more = complete ? '' : ', and what the first pass has not seen yet';
    return `  ${printable(share)}: ${counted(filesToDo + skipped, 'file')}, ${humanSize(bytesToDo)}${more}`;
  });
  if (lines.length === 0) return [];
  const rest = lacking.length - lines.length;
  return ['Missing here:', ...lines, ...(rest === 0 ? [] : [`  … ${counted(rest, 'share')} more`])];
}
