/** `standby help`: commands, one command, or the exit codes. */
import type { Command } from 'commander';
import { printsJson } from '../calling.ts';
import { exitCodeTable } from '../exit.ts';
import { openScreen } from '../screen.ts';
import { usage } from '../usage.ts';

export function addHelp(program: Command): void {
  program.helpCommand(false);
  printsJson(
    program.command('help [topic...]').description('show all commands, one command, or the topic exit-codes'),
  ).action((topic: string[], options: { json?: true }) => {
    const screen = openScreen(options.json === true);
    const text = topic.join(' ') === 'exit-codes' ? exitCodeTable() : commandAt(program, topic).helpInformation();
    screen.result({ help: text });
    screen.line(text.trimEnd());
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
