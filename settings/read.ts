/** Reads and checks the settings file: all errors at once, each with its line and a hint. */
import fs from 'node:fs';
import { Failure, failureOf } from '../base/failure.ts';
import { counted } from '../base/human.ts';
import { type Problem, parseYaml, readText } from './document.ts';
import { problemsOf } from './problems.ts';
import { type Settings, settingsJsonSchema, settingsSchema } from './schema.ts';

export type Checked = { kind: 'good'; settings: Settings } | { kind: 'bad'; problems: Problem[] };

/** Checks the text of a settings file; for `config check` and for whoever is about to write one. */
export function checkSettings(text: string): Checked {
  const parsed = parseYaml(text);
  if (parsed.problems.length > 0) return { kind: 'bad', problems: parsed.problems };
  if (parsed.value === null)
    return { kind: 'bad', problems: [{ line: 1, path: '', what: 'is empty', hint: SETUP_HINT }] };
  const result = settingsSchema.safeParse(parsed.value);
  if (result.success) return { kind: 'good', settings: result.data };
  return { kind: 'bad', problems: problemsOf(result.error.issues, parsed, settingsJsonSchema()) };
}

/**
 * The settings in a file. Throws one Failure: `settings-missing`, `settings-invalid` (every problem on a line of its own),
 * or what kept the file from being read.
 */
export function readSettings(file: string): Settings {
  const checked = checkSettings(readSettingsText(file));
  if (checked.kind === 'good') return checked.settings;
  throw new Failure({
    code: 'settings-invalid',
    doing: 'read settings',
    subject: file,
    what: `${counted(checked.problems.length, 'error')}\n${checked.problems.map((problem) => problemLine(file, problem)).join('\n')}`,
    hint: 'correct the file; «standby config check» tells whether it is right',
  });
}

/** The text of a settings file that must be there. */
export function readSettingsText(file: string): string {
  let fd: number;
  try {
    fd = fs.openSync(file, fs.constants.O_RDONLY | fs.constants.O_NONBLOCK);
  } catch (error) {
    const failure = failureOf(error, 'read settings', file);
    if (failure.code !== 'enoent') throw failure;
    throw new Failure({
      code: 'settings-missing',
      doing: 'read settings',
      subject: file,
      what: failure.what,
      hint: SETUP_HINT,
    });
  }
  try {
    return readText(file, fd);
  } finally {
    fs.closeSync(fd);
  }
}

const SETUP_HINT = 'run «standby setup» to make one';

/** `/etc/standby/standby.yaml:12: main.address: is not an IPv4 address; the IPv4 address that …` */
export function problemLine(file: string, problem: Problem): string {
  const path = problem.path === '' ? '' : `${problem.path}: `;
  const hint = problem.hint === undefined ? '' : `; ${problem.hint}`;
  return `${file}:${problem.line}: ${path}${problem.what}${hint}`;
}
