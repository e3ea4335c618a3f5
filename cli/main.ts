/** The command `standby`: runs the program and turns whatever it throws into words and an exit code. */
import { CommanderError } from 'commander';
import { errnoOf, isFailure, textOf } from '../base/failure.ts';
import { printable } from '../base/human.ts';
import { exitCodeOf, exitCodes } from './exit.ts';
import { standbyProgram } from './program.ts';
import { jsonText } from './screen.ts';

interface Ending {
  code: string;
  what: string;
  hint: string;
}

function endingOf(error: unknown): Ending {
  if (error instanceof CommanderError) return { code: 'usage', what: error.message, hint: 'run: standby help' };
  if (!isFailure(error)) return { code: 'unexpected', what: textOf(error), hint: '' };
  // Without a subject, what happened says it all: it is the daemon's own sentence, or about the command line.
  return { code: error.code, what: error.subject === undefined ? error.what : error.message, hint: error.hint ?? '' };
}

/** Every line break inside is ours or a list of errors; each line by itself must be harmless. */
function shown(text: string): string {
  return text.split('\n').map(printable).join('\n  ');
}

async function main(args: readonly string[]): Promise<void> {
  try {
    await standbyProgram().parseAsync(args, { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return;
    const ending = endingOf(error);
    const exitCode = exitCodeOf(ending.code);
    process.exitCode = exitCode;
    if (args.includes('--json')) process.stdout.write(`${jsonText({ error: ending, exitCode })}\n`);
    // Commander has already said what is wrong with the command line.
    if (error instanceof CommanderError) return;
    process.stderr.write(`standby: ${shown(ending.what)}\n`);
    if (ending.hint !== '') process.stderr.write(`  ${shown(ending.hint)}\n`);
  }
}

// A reader that has seen enough («standby events | head») is no error.
process.stdout.on('error', (error) => {
  process.exit(errnoOf(error) === 'EPIPE' ? exitCodes.ok.code : exitCodes.unexpected.code);
});
// Nobody reads what is told: no reason to leave work half done.
process.stderr.on('error', () => undefined);

/** Resolves when a pipe has taken all that was written to it: leaving at once would cut a long answer short for a slow reader. */
function drained(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => stream.write('', () => resolve()));
}

await main(process.argv.slice(2));
await drained(process.stdout);
await drained(process.stderr);
// An open stream or a terminal must not keep the program from ending.
process.exit();
