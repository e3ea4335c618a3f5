/** docs/cli.md names exactly the commands, options and exit codes that the program has. */
import fs from 'node:fs';
import path from 'node:path';
import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { exitCodes, exitCodeTable } from './exit.ts';
import { standbyProgram } from './program.ts';

const page = fs.readFileSync(path.resolve(import.meta.dirname, '../docs/cli.md'), 'utf8');

/** Commands without commands below them, as they are typed, with the flags of their options. */
function commandsOf(command: Command, typed: string): [typed: string, flags: string[]][] {
  const below = command.commands.flatMap((sub) => commandsOf(sub, `${typed} ${sub.name()}`));
  if (below.length > 0) return below;
  const words = command.registeredArguments.map((argument) => {
    const name = `${argument.name()}${argument.variadic ? '...' : ''}`;
    return argument.required ? ` <${name}>` : ` [${name}]`;
  });
  return [[`${typed}${words.join('')}`, command.options.map(({ flags }) => flags)]];
}

describe('docs/cli.md', () => {
  it('has a section for each command, with each of its options', () => {
    const sections = page
      .split(/^### /m)
      .slice(1)
      .map((section): [string, string[]] => [
        section.slice(0, section.indexOf('\n')),
        [...section.matchAll(/^\| `(-[^`]+)` \|/gm)].map((match) => match[1] ?? ''),
      ]);
    expect(sections).toEqual(commandsOf(standbyProgram(), 'standby'));
  });

  it('has each exit code with its meaning, as the program prints them', () => {
    const rows = [...page.matchAll(/^\| (\d+) \| (.+) \|$/gm)].map((match) => [Number(match[1]), match[2]]);
    expect(rows).toEqual(Object.values(exitCodes).map(({ code, doc }) => [code, doc]));
    for (const [code, doc] of rows) expect(exitCodeTable()).toContain(`${code}  ${doc}`);
  });

  it('has no exit code twice', () => {
    const codes = Object.values(exitCodes).map(({ code }) => code);
    expect(new Set(codes).size).toBe(codes.length);
  });
});
