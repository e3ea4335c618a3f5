/** For tests: real answers to start fuzzing from, and inputs that once broke a decoder. */
import fs from 'node:fs';
import path from 'node:path';

/** Hexadecimal bytes by kind. */
export type Corpus = Record<string, string[]>;

const FOLDER = path.join(path.dirname(import.meta.dirname), 'corpus');
/** Parts as smbd sent them, by what was asked; record.ts makes it. */
export const ANSWERS_FILE = path.join(FOLDER, 'answers.json');
/** By the name of the decoder in decoders.ts; grows by hand, from what a failed run prints. */
const CRASHES_FILE = path.join(FOLDER, 'crashes.json');

/** Real answers of this kind. Throws when there is none: a decoder would be fuzzed with nothing. */
export function answers(...kinds: string[]): Buffer[] {
  const all = read(ANSWERS_FILE);
  return kinds.flatMap((kind) => {
    const samples = all[kind];
    if (samples === undefined) throw new Error(`${ANSWERS_FILE} has no «${kind}»; record it`);
    return samples.map((hex) => Buffer.from(hex, 'hex'));
  });
}

/** What once broke this decoder. */
export function crashes(decoder: string): Buffer[] {
  return (read(CRASHES_FILE)[decoder] ?? []).map((hex) => Buffer.from(hex, 'hex'));
}

const files = new Map<string, Corpus>();

function read(file: string): Corpus {
  const known = files.get(file);
  if (known !== undefined) return known;
  const corpus: Corpus = JSON.parse(fs.readFileSync(file, 'utf8'));
  files.set(file, corpus);
  return corpus;
}
