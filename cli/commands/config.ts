/** `standby config`: checks a settings file and prints its schema; needs no daemon. */
import type { Command } from 'commander';
import { counted, printable } from '../../base/human.ts';
import { checkSettings, problemLine, readSettingsText } from '../../settings/read.ts';
import { DEFAULT_SETTINGS_FILE, settingsJsonSchema } from '../../settings/schema.ts';
import { printsJson } from '../calling.ts';
import { exitCodes } from '../exit.ts';
import { openScreen } from '../screen.ts';

export function addConfig(program: Command): void {
  const config = program.command('config').description('the settings file');
  printsJson(
    config.command('check [file]').description(`check a settings file; ${DEFAULT_SETTINGS_FILE} unless told`),
  ).action((file: string | undefined, options: { json?: true }) => {
    const screen = openScreen(options.json === true);
    const subject = file ?? DEFAULT_SETTINGS_FILE;
    const checked = checkSettings(readSettingsText(subject));
    const problems = checked.kind === 'good' ? [] : checked.problems;
    screen.result({ file: subject, problems });
    for (const problem of problems) screen.note(printable(problemLine(subject, problem)));
    screen.line(problems.length === 0 ? `${printable(subject)} is right.` : `${counted(problems.length, 'error')}.`);
    if (problems.length > 0) process.exitCode = exitCodes.settings.code;
  });
  // It is JSON either way; the option is there so that no script has to know that.
  printsJson(config.command('schema').description('print the JSON schema of the settings file, for editors')).action(
    () => openScreen(true).result(settingsJsonSchema()),
  );
}
