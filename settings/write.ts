/**
 * Writes the settings file for set-up: sets the fields that are given; the other values, the comments and the order of an
 * existing file stay (blanks may change). What reading would refuse is never written.
 */
import fs from 'node:fs';
import path from 'node:path';
import { type Document, isMap, parseDocument } from 'yaml';
import { Failure, failureOf } from '../base/failure.ts';
import { readIfThere, writeWhole } from '../base/file.ts';
import { counted } from '../base/human.ts';
import { checkSettings, problemLine } from './read.ts';
import type { Settings, SettingsText } from './schema.ts';
import { TEMPLATE } from './template.ts';

/** Any part of the settings, as they stand in the file. A field that is there and undefined is taken out of the file. */
export type SettingsChange = Partial<{
  [Key in keyof SettingsText]: SettingsText[Key] extends object | undefined
    ? Partial<SettingsText[Key]> | undefined
    : SettingsText[Key];
}>;

/**
 * Sets fields in the file, making file and folder when there are none, and returns the settings as they then read. Lists are replaced
 * whole. Throws a Failure `settings-invalid`, with the file untouched, when the result would not be right.
 */
export function writeSettings(file: string, change: SettingsChange): Settings {
  const old = readIfThere(file);
  const document = parseDocument(old ?? TEMPLATE, { prettyErrors: false });
  // A file that cannot be understood would lose what is in it; checking it tells why.
  const understood = document.errors.length === 0 && (document.contents === null || isMap(document.contents));
  if (understood) setAll(document, [], change);
  const text = understood ? document.toString({ lineWidth: 0 }) : (old ?? '');
  const checked = checkSettings(text);
  if (checked.kind === 'bad') {
    throw new Failure({
      code: 'settings-invalid',
      doing: 'write settings',
      subject: file,
      what: `${counted(checked.problems.length, 'error')}\n${checked.problems.map((problem) => problemLine(file, problem)).join('\n')}`,
    });
  }
  try {
    fs.mkdirSync(path.dirname(file), { recursive: true, mode: 0o755 });
  } catch (error) {
    throw failureOf(error, 'make folder', path.dirname(file));
  }
  writeWhole(file, text, { mode: old === undefined ? 0o644 : fs.statSync(file).mode & 0o777 });
  return checked.settings;
}

/** Sets scalars and lists one by one, so that comments beside their neighbours stay. */
function setAll(document: Document, at: readonly string[], values: object): void {
  for (const [key, value] of Object.entries(values)) {
    const here = [...at, key];
    if (value === undefined) {
      document.deleteIn(here);
      continue;
    }
    if (typeof value === 'object' && value !== null && !Array.isArray(value) && isMap(document.getIn(here))) {
      setAll(document, here, value);
    } else {
      document.setIn(here, Array.isArray(value) || typeof value === 'object' ? document.createNode(value) : value);
    }
  }
}
