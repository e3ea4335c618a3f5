/**
 * A YAML file as plain values and the lines they stand on. Only what settings need is accepted: one document of maps,
 * lists and scalars; no aliases (they could blow up a small file), no tags, no key twice.
 */
import fs from 'node:fs';
import {
  type Document,
  isMap,
  isNode,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  type Pair,
  parseDocument,
  visit,
} from 'yaml';
import { Failure, failureOf } from '../base/failure.ts';
import { printable } from '../base/human.ts';

/** Bytes of a settings or secrets file. */
export const FILE_LIMIT_BYTES = 256 * 1024;

/** One thing wrong in a file. `line` counts from 1; `path` is dotted, '' for the file itself. */
export interface Problem {
  line: number;
  path: string;
  what: string;
  hint?: string;
}

export type Path = readonly PropertyKey[];

export interface ParsedYaml {
  /** Plain data; undefined when the text could not be understood. */
  value: unknown;
  problems: Problem[];
  /** The line of the value at a path; of its nearest parent that exists when it does not. */
  lineOf(path: Path): number;
}

/** Never throws, and no problem quotes the text: it may hold a password. */
export function parseYaml(text: string): ParsedYaml {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, stringKeys: true });
  const problems: Problem[] = [...document.errors, ...document.warnings].map((error) => ({
    line: lines.linePos(error.pos[0]).line,
    path: '',
    what: WORDS[error.code] ?? 'is no YAML that can be understood here',
  }));
  if (problems.length === 0) {
    visit(document, {
      Alias: (_key, node) => {
        problems.push({ line: lineAt(lines, node.range), path: '', what: 'uses an alias (*); write the value out' });
      },
    });
  }
  return {
    value: problems.length === 0 ? document.toJS() : undefined,
    problems: problems.slice(0, 20),
    lineOf: (path) => findLine(document, lines, path),
  };
}

const WORDS: Record<string, string> = {
  DUPLICATE_KEY: 'has the same key twice in one group',
  TAB_AS_INDENT: 'uses a tab to indent; use spaces',
  MULTIPLE_DOCS: 'holds more than one document (---)',
  NON_STRING_KEY: 'has a key that is not a plain word',
  TAG_RESOLVE_FAILED: 'uses a tag (!); none is known here',
  BAD_INDENT: 'is indented differently from the lines around it',
  MISSING_CHAR: 'lacks a closing quote, bracket or colon',
  BLOCK_AS_IMPLICIT_KEY: 'has two colons in one line; put the value in quotes',
  RESOURCE_EXHAUSTION: 'is nested too deeply',
};

/** The text of a file of limited size. Throws a Failure. */
export function readText(file: string, fd: number): string {
  let bytes: Buffer;
  try {
    const stat = fs.fstatSync(fd);
    if (!stat.isFile())
      throw new Failure({ code: 'not-a-file', doing: 'read', subject: file, what: 'is not a plain file' });
    if (stat.size > FILE_LIMIT_BYTES) {
      throw new Failure({
        code: 'too-large',
        doing: 'read',
        subject: file,
        what: `has more than ${FILE_LIMIT_BYTES} bytes`,
      });
    }
    bytes = fs.readFileSync(fd);
  } catch (error) {
    throw failureOf(error, 'read', file);
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new Failure({ code: 'not-text', doing: 'read', subject: file, what: 'is not UTF-8 text' });
  }
}

/** `mail.to[1]`: as people find it in the file. */
export function pathInWords(path: Path): string {
  return printable(
    path
      .map((part, index) => (typeof part === 'number' ? `[${part}]` : `${index === 0 ? '' : '.'}${String(part)}`))
      .join(''),
  );
}

function findLine(document: Document, lines: LineCounter, path: Path): number {
  let node: unknown = document.contents;
  let line = isNode(node) ? lineAt(lines, node.range) : 1;
  for (const part of path) {
    if (isMap(node)) {
      const pair: Pair | undefined = node.items.find(
        (item) => isPair(item) && isScalar(item.key) && item.key.value === part,
      );
      if (pair === undefined) return line;
      if (isNode(pair.key)) line = lineAt(lines, pair.key.range);
      node = pair.value;
    } else if (isSeq(node) && typeof part === 'number') {
      node = node.items[part];
      if (!isNode(node)) return line;
      line = lineAt(lines, node.range);
    } else {
      return line;
    }
  }
  return line;
}

function lineAt(lines: LineCounter, range: readonly number[] | null | undefined): number {
  return Math.max(1, lines.linePos(range?.[0] ?? 0).line);
}
