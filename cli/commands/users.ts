/** `standby users set`: the password of a user on the standby's own Samba. */
import type { Command } from 'commander';
import { routes } from '../../api/routes.ts';
import { printable } from '../../base/human.ts';
import { asksDaemon, type CommonOptions, must, openCalling, sayAccepted } from '../calling.ts';
import { obtainPassword, type SecretSource } from '../secret.ts';

export function addUsers(program: Command): void {
  const users = program.command('users').description('users who may log on while this box serves');
  asksDaemon(
    users
      .command('set <name>')
      .description('let a user log on with a password while this box serves')
      .option('--password-file <file>', 'read the password from a file that only you can read')
      .option('--password-stdin', 'read the password from standard input'),
  ).action(async (name: string, options: CommonOptions & SecretSource) => {
    const { screen, client } = openCalling(options);
    const password = await obtainPassword(options, `Password for ${printable(name)}: `, screen);
    const answer = await must(client.call(routes.users, { body: { name, password } }));
    screen.result(answer);
    sayAccepted(screen, answer);
  });
}
