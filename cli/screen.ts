/**
 * What people and programs read: sentences on standard output, or with --json one JSON object there as the last line;
 * questions, progress and errors on standard error. Colour only on a terminal (and not with NO_COLOR), and never alone.
 */
import { printable } from '../base/human.ts';

export type Colour = 'green' | 'blue' | 'amber' | 'red' | 'grey' | 'bold';

export interface Screen {
  readonly json: boolean;
  /** Whether a person can be asked: both input and questions are on a terminal. */
  readonly canAsk: boolean;
  /** Whether standard output is a terminal that can be drawn over. */
  readonly live: boolean;
  /** A line for people; nothing with --json. The text is already safe: outside words went through printable(). */
  line(text?: string): void;
  /** A line for people that is not the result; goes to standard error. */
  note(text: string): void;
  /** The result for programs; nothing without --json. */
  result(value: unknown): void;
  paint(text: string, ...colours: Colour[]): string;
  /** Draws over what was drawn last; on anything but a terminal the lines follow each other. */
  redraw(lines: readonly string[]): void;
}

/** Begins CUU, ED and SGR (ECMA-48 8.3), and ?7, the terminal's automatic wrap (DECAWM). */
const ESC = '\u001b';
/** Of a terminal that does not tell its size. */
const USUAL_ROWS = 24;
const SGR: Record<Colour, number> = { green: 32, blue: 34, amber: 33, red: 31, grey: 90, bold: 1 };

export function openScreen(json: boolean): Screen {
  const { stdin, stdout, stderr } = process;
  const live = stdout.isTTY === true && !json;
  const colours = live && (process.env['NO_COLOR'] ?? '') === '' && process.env['TERM'] !== 'dumb';
  let drawn = 0;
  return {
    json,
    canAsk: stdin.isTTY === true && stderr.isTTY === true && !json,
    live,
    line(text = '') {
      if (!json) stdout.write(`${text}\n`);
    },
    note(text) {
      stderr.write(`${text}\n`);
    },
    result(value) {
      if (json) stdout.write(`${jsonText(value)}\n`);
    },
    paint(text, ...wanted) {
      return colours ? `${ESC}[${wanted.map((colour) => SGR[colour]).join(';')}m${text}${ESC}[0m` : text;
    },
    redraw(lines) {
      if (json) return;
      if (!live) {
        stdout.write(`${lines.join('\n')}\n`);
        return;
      }
      // Only what fits: lines that wrapped or scrolled away could not be drawn over.
      const fitting = lines.slice(0, (stdout.rows > 1 ? stdout.rows : USUAL_ROWS) - 1);
      const back = drawn > 0 ? `${ESC}[${drawn}A${ESC}[J` : '';
      stdout.write(`${back}${ESC}[?7l${fitting.join('\n')}${ESC}[?7h\n`);
      drawn = fitting.length;
    },
  };
}

/** One line of JSON that is harmless on a terminal too: JSON leaves C1 controls as they are, and a program reads the escapes as the same text. */
export function jsonText(value: unknown): string {
  return printable(JSON.stringify(value));
}

/** A JSON object holds what it holds, but text for people never moves the cursor: for lines made of many outside words. */
export function safe(strings: TemplateStringsArray, ...values: (string | number)[]): string {
  return strings.reduce((text, part, index) => {
    const value = values[index - 1] ?? '';
    return `${text}${typeof value === 'string' ? printable(value) : String(value)}${part}`;
  });
}
