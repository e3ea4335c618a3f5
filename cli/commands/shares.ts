/** `standby shares`: the shares of a file server, with a log-on given for this once. */
import type { Command } from 'commander';
import { routes } from '../../api/routes.ts';
import { printable } from '../../base/human.ts';
import { asksDaemon, type CommonOptions, must, openCalling } from '../calling.ts';
import { obtainPassword, type SecretSource } from '../secret.ts';
import { portOf } from '../setup/flags.ts';
import { shareLines } from '../words/shares.ts';

interface Options extends CommonOptions, SecretSource {
  main: string;
  port?: string;
  user: string;
  domain?: string;
}

export function addShares(program: Command): void {
  asksDaemon(
    program
      .command('shares')
      .description('list the shares of a file server')
      .requiredOption('--main <address>', 'address or name of the server')
      .requiredOption('--user <name>', 'the account to log on with')
      .option('--domain <name>', 'the domain of the account')
      .option('--port <number>', 'the TCP port of SMB; 445 unless told')
      .option('--password-file <file>', 'read the password from a file that only you can read')
      .option('--password-stdin', 'read the password from standard input'),
  ).action(async (options: Options) => {
    const { screen, client } = openCalling(options);
    const password = await obtainPassword(options, `Password of ${printable(options.user)}: `, screen);
    const list = await must(
      client.call(routes.shares, {
        body: {
          address: options.main,
          user: options.user,
          domain: options.domain ?? '',
          password,
          ...(options.port === undefined ? {} : { port: portOf(options.port) }),
        },
      }),
    );
    screen.result(list);
    const none = `${printable(options.main)} shows no shares to ${printable(options.user)}.`;
    for (const line of shareLines(list.shares, none)) screen.line(line);
  });
}
