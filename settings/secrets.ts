/**
 * The passwords, apart from the settings: a YAML file that only its owner can read. A file that others can read is refused,
 * since by then the password must be taken as known. No message here ever quotes the content.
 */
import fs from 'node:fs';
import path from 'node:path';
import { stringify } from 'yaml';
import { z } from 'zod';
import { Failure, failureOf } from '../base/failure.ts';
import { writeWhole } from '../base/file.ts';
import { type Problem, parseYaml, readText } from './document.ts';
import { problemsOf } from './problems.ts';
import { problemLine } from './read.ts';

const password = z.string().min(1).max(1_000);

const secretsSchema = z.strictObject({
  mainPassword: password.describe('the password of main.user'),
  mailPassword: password.optional().describe('the password of mail.user'),
});

export type Secrets = z.output<typeof secretsSchema>;

/**
 * Reads the secrets. Throws a Failure: `secrets-missing`, `secrets-readable` (others may read it), `secrets-owner` (it belongs
 * to somebody who is neither root nor us), `secrets-invalid`, or what kept it from being read.
 */
export function readSecrets(file: string): Secrets {
  const fd = open(file);
  let text: string;
  try {
    refuseUnsafe(file, fs.fstatSync(fd));
    text = readText(file, fd);
  } finally {
    fs.closeSync(fd);
  }
  const parsed = parseYaml(text);
  const result = parsed.problems.length === 0 ? secretsSchema.safeParse(parsed.value ?? {}) : undefined;
  if (result?.success === true) return result.data;
  const problems =
    result === undefined ? parsed.problems : problemsOf(result.error.issues, parsed, z.toJSONSchema(secretsSchema));
  throw new Failure({
    code: 'secrets-invalid',
    doing: 'read secrets',
    subject: file,
    what: problems.map((problem) => problemLine(file, discreet(problem))).join('\n'),
    hint: 'correct the file, or run «standby setup» to write it anew',
  });
}

/** An unknown key is not named: a password with a colon in it reads as one. */
function discreet(problem: Problem): Problem {
  return problem.path in secretsSchema.shape ? problem : { ...problem, path: '' };
}

/** Replaces the secrets file, mode 0600. Throws a Failure. */
export function writeSecrets(file: string, secrets: Secrets): void {
  const text = stringify(secretsSchema.parse(secrets), {
    defaultStringType: 'QUOTE_DOUBLE',
    defaultKeyType: 'PLAIN',
    lineWidth: 0,
  });
  fs.mkdirSync(path.dirname(file), { recursive: true, mode: 0o755 });
  writeWhole(
    file,
    `# Passwords of Standby Server. Keep the mode 0600: a file that others can read is refused.\n${text}`,
    { mode: 0o600 },
  );
}

function open(file: string): number {
  try {
    // O_NOFOLLOW: the checks below must be about the file that was named. O_NONBLOCK: a pipe in its place must not hang us.
    return fs.openSync(file, fs.constants.O_RDONLY | fs.constants.O_NOFOLLOW | fs.constants.O_NONBLOCK);
  } catch (error) {
    const failure = failureOf(error, 'read secrets', file);
    if (failure.code !== 'enoent') throw failure;
    throw new Failure({
      code: 'secrets-missing',
      doing: 'read secrets',
      subject: file,
      what: failure.what,
      hint: 'run «standby setup» to write it',
    });
  }
}

function refuseUnsafe(file: string, stat: fs.Stats): void {
  const refuse = (code: string, what: string, hint: string): never => {
    throw new Failure({ code, doing: 'read secrets', subject: file, what, hint });
  };
  if (!stat.isFile()) refuse('secrets-invalid', 'is not a plain file', 'put a plain file in its place');
  if (stat.uid !== 0 && stat.uid !== process.getuid?.()) {
    refuse('secrets-owner', `belongs to the account with number ${stat.uid}`, `chown root: ${quoted(file)}`);
  }
  if ((stat.mode & 0o077) !== 0) {
    const mode = (stat.mode & 0o777).toString(8).padStart(4, '0');
    refuse(
      'secrets-readable',
      `is open to others (mode ${mode})`,
      `chmod 0600 ${quoted(file)}; then change the passwords, for others could read them`,
    );
  }
}

/** A path as a shell takes it. */
function quoted(file: string): string {
  return /^[\w./-]+$/.test(file) ? file : `'${file.replaceAll("'", "'\\''")}'`;
}
