/** `standby help`: commands, one command, or the exit codes. */
import type { Command } from 'commander';
import { exitCodeTable } from '../exit.ts';
import { usage } from '../usage.ts';

export function addHelp(program: Command): void {
  program.helpCommand(false);
  program
    .command('help [topic...]')
    .description('show all commands, one command, or the topic exit-codes')
    .action((topic: string[]) => {
      if (topic.join(' ') === 'exit-codes') process.stdout.write(`${exitCodeTable()}\n`);
      else process.stdout.write(commandAt(program, topic).helpInformation());
    });
}

function commandAt(program: Command, words: readonly string[]): Command {
  let at = program;
  for (const word of words) {
    const next = at.commands.find((command) => command.name() === word);
    if (next === undefined) throw usage(`there is no command or topic ${word}`, 'run: standby help');
    at = next;
  }
  return at;
}
