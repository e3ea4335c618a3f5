/** One line typed on the terminal, key by key, with or without echo. Questions go to standard error, so that results can be piped. */
import { Failure } from '../base/failure.ts';

/** Characters of an answer; the terminal bell rings for more. */
const LINE_LIMIT = 1_024;

const CTRL_C = '\u0003';
const CTRL_D = '\u0004';
const ENDS: ReadonlySet<string> = new Set(['\r', '\n', CTRL_C, CTRL_D]);
const CTRL_U = '\u0015';
/** Cursor and function keys (ECMA-48 5.4, and SS3), which mean nothing here. */
const ESCAPE = '\u001b';
const ESCAPE_SEQUENCE = new RegExp(`${ESCAPE}(?:\\[[0-?]*[ -/]*[@-~]|O.|.)?`, 'g');
const BELL = '\u0007';

/** Resolves with the line. Ctrl-C and Ctrl-D throw a Failure `interrupted`. The terminal is left as it was found. */
export async function typeLine(question: string, options: { echo: boolean }): Promise<string> {
  const { stdin, stderr } = process;
  stdin.setEncoding('utf8');
  stdin.setRawMode(true);
  stderr.write(question);
  try {
    return await new Promise<string>((resolve, reject) => {
      let letters: string[] = [];
      const echo = (text: string): void => {
        if (options.echo) stderr.write(text);
      };
      const finish = (): void => {
        stdin.off('data', take);
        stdin.off('end', leave);
        stdin.pause();
      };
      const leave = (): void => {
        finish();
        reject(unanswered());
      };
      const press = (key: string): void => {
        if (key === '\u007f' || key === '\b') {
          if (letters.pop() !== undefined) echo('\b \b');
        } else if (key === CTRL_U) {
          echo('\b \b'.repeat(letters.length));
          letters = [];
        } else if (letters.length >= LINE_LIMIT) {
          stderr.write(BELL);
        } else if (key >= ' ') {
          letters.push(key);
          echo(key);
        }
      };
      const take = (chunk: string): void => {
        const keys = [...chunk.replaceAll(ESCAPE_SEQUENCE, '')];
        const end = keys.findIndex((key) => ENDS.has(key));
        for (const key of end < 0 ? keys : keys.slice(0, end)) press(key);
        if (end < 0) return;
        finish();
        // Several lines pasted at once answer the questions that follow.
        if (end + 1 < keys.length) stdin.unshift(keys.slice(end + 1).join(''), 'utf8');
        if (keys[end] === '\r' || keys[end] === '\n') resolve(letters.join(''));
        else reject(unanswered());
      };
      stdin.on('data', take);
      stdin.on('end', leave);
      stdin.resume();
    });
  } finally {
    stdin.setRawMode(false);
    stderr.write('\n');
  }
}

function unanswered(): Failure {
  return new Failure({ code: 'interrupted', doing: 'ask', what: 'the question was not answered' });
}

/** Asks with a default that Enter takes. */
export async function ask(question: string, preset = ''): Promise<string> {
  const shown = preset === '' ? `${question}: ` : `${question} [${preset}]: `;
  const answer = (await typeLine(shown, { echo: true })).trim();
  return answer === '' ? preset : answer;
}

/** Asks again until the check finds nothing wrong; three times at most. */
export async function askUntil(
  question: string,
  preset: string,
  wrong: (answer: string) => string | undefined,
): Promise<string> {
  for (let round = 0; round < 3; round += 1) {
    const answer = await ask(question, preset);
    const what = wrong(answer);
    if (what === undefined) return answer;
    process.stderr.write(`  ${what}\n`);
  }
  throw new Failure({ code: 'usage', doing: 'ask', what: 'three answers that cannot be used' });
}
