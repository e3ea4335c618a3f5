/** What the schema found wrong, in words for people: what, on which line, and a hint (the field's description, or «did you mean»). */
import type { z } from 'zod';
import { printable } from '../base/human.ts';
import { type ParsedYaml, type Path, type Problem, pathInWords } from './document.ts';

type Issue = z.core.$ZodIssue;

/** One problem per issue, and one per key where an issue names several; in the order of the lines. */
export function problemsOf(issues: readonly Issue[], parsed: ParsedYaml, jsonSchema: unknown): Problem[] {
  const problems = issues.flatMap((issue) =>
    issue.code === 'unrecognized_keys'
      ? issue.keys.map((key) => unknownKey([...issue.path, key], key, parsed, jsonSchema))
      : [problemOf(issue, parsed, jsonSchema)],
  );
  return problems.sort((a, b) => a.line - b.line);
}

function problemOf(issue: Issue, parsed: ParsedYaml, jsonSchema: unknown): Problem {
  const given = valueAt(parsed.value, issue.path);
  const hint = descriptionOf(jsonSchema, issue.path);
  return {
    line: parsed.lineOf(issue.path),
    path: pathInWords(issue.path),
    what: wordsOf(issue, given),
    ...(hint === undefined ? {} : { hint }),
  };
}

function unknownKey(path: Path, key: string, parsed: ParsedYaml, jsonSchema: unknown): Problem {
  const known = Object.keys(propertiesOf(schemaAt(jsonSchema, path.slice(0, -1))));
  const near = nearest(key, known);
  return {
    line: parsed.lineOf(path),
    path: pathInWords(path),
    what: 'is no setting',
    hint: near === undefined ? `known here: ${known.join(', ')}` : `did you mean «${near}»?`,
  };
}

const KIND_WORDS: Record<string, string> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a group of settings',
};

function wordsOf(issue: Issue, given: unknown): string {
  switch (issue.code) {
    case 'custom':
      return issue.message;
    case 'invalid_type': {
      if (given === undefined) return 'is missing';
      const quotes = issue.expected === 'string' && typeof given !== 'object' ? '; put it in quotes' : '';
      return `must be ${KIND_WORDS[issue.expected] ?? issue.expected}, not ${kindOf(given)}${quotes}`;
    }
    case 'invalid_value': {
      if (given === undefined) return 'is missing';
      const values = issue.values.map(String);
      const near = typeof given === 'string' ? nearest(given, values) : undefined;
      const meant = near === undefined ? '' : `; did you mean «${near}»?`;
      return values.length === 1 ? `must be ${values[0]}` : `must be one of ${values.join(', ')}${meant}`;
    }
    case 'too_small':
      return issue.origin === 'array'
        ? `needs at least ${issue.minimum} in the list`
        : `must be at least ${issue.minimum}`;
    case 'too_big':
      return issue.origin === 'array'
        ? `may have at most ${issue.maximum} in the list`
        : `must be at most ${issue.maximum}`;
    case 'invalid_format':
    case 'not_multiple_of':
    case 'unrecognized_keys':
    case 'invalid_union':
    case 'invalid_key':
    case 'invalid_element':
      return printable(issue.message);
  }
}

function kindOf(value: unknown): string {
  if (value === null) return 'empty';
  return KIND_WORDS[Array.isArray(value) ? 'array' : typeof value] ?? typeof value;
}

function valueAt(value: unknown, path: Path): unknown {
  return path.reduce((inner: unknown, part) => (isGroup(inner) ? inner[part] : undefined), value);
}

/** The part of the JSON schema for a path, or undefined. */
function schemaAt(schema: unknown, path: Path): unknown {
  return path.reduce(
    (inner: unknown, part) =>
      typeof part === 'number' ? valueAt(inner, ['items']) : propertiesOf(inner)[String(part)],
    schema,
  );
}

function propertiesOf(schema: unknown): Record<PropertyKey, unknown> {
  const properties = valueAt(schema, ['properties']);
  return isGroup(properties) ? properties : {};
}

/** The description of the field, or of the list it is an entry of. */
function descriptionOf(schema: unknown, path: Path): string | undefined {
  const own = valueAt(schemaAt(schema, path), ['description']);
  if (typeof own === 'string') return own;
  return typeof path.at(-1) === 'number' ? descriptionOf(schema, path.slice(0, -1)) : undefined;
}

function isGroup(value: unknown): value is Record<PropertyKey, unknown> {
  return typeof value === 'object' && value !== null;
}

/** The one candidate that a typing mistake could have meant: at most a third of its letters differ. */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  let best: string | undefined;
  let bestSteps = Number.POSITIVE_INFINITY;
  for (const candidate of candidates) {
    const steps = typingSteps(word.slice(0, 60).toLowerCase(), candidate.toLowerCase());
    if (steps <= Math.max(1, Math.floor(candidate.length / 3)) && steps < bestSteps) {
      best = candidate;
      bestSteps = steps;
    }
  }
  return best;
}

/** Levenshtein distance: letters added, left out or mistyped. */
function typingSteps(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (const [index, letter] of [...from].entries()) {
    const next = [index + 1];
    for (let column = 1; column <= to.length; column += 1) {
      const replaced = (row[column - 1] ?? 0) + (letter === to[column - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[column] ?? 0) + 1, (next[column - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[to.length] ?? 0;
}
