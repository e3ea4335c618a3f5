/**
 * What a source imports, read from its text. The formatter puts every import at the beginning of a line, so no parser is needed;
 * a dynamic import is found anywhere.
 */

export interface Import {
  /** As written: `./x.ts`, `node:fs`, `zod/v4`. */
  target: string;
  /** `import type` and `export type` leave no trace when the program runs. */
  typeOnly: boolean;
}

const STATEMENT = /^(?:import|export)(?<type> type)?\s(?:[^;'"`]*?\sfrom\s+)?['"](?<target>[^'"]+)['"]/gmu;
const BARE = /^import\s*['"](?<target>[^'"]+)['"]/gmu;
const DYNAMIC = /\bimport\(\s*['"](?<target>[^'"]+)['"]/gu;

export function importsOf(text: string): Import[] {
  const found = new Map<string, Import>();
  for (const match of [...text.matchAll(STATEMENT), ...text.matchAll(BARE), ...text.matchAll(DYNAMIC)]) {
    const target = match.groups?.['target'] ?? '';
    const typeOnly = match.groups?.['type'] !== undefined && (found.get(target)?.typeOnly ?? true);
    found.set(target, { target, typeOnly });
  }
  return [...found.values()];
}

/** The name of an npm package in an import: `zod` of `zod/v4`, `@scope/name` of `@scope/name/x`. */
export function packageOf(target: string): string {
  return target.split('/', target.startsWith('@') ? 2 : 1).join('/');
}

/** The text without comments and without the contents of plain strings: what is left is code. */
export function codeOf(text: string): string {
  return text
    .replace(/\/\*[\s\S]*?\*\//gu, '')
    .replace(/'(?:\\.|[^'\\\n])*'/gu, "''")
    .replace(/^\s*\/\/.*$|\s\/\/.*$/gmu, '');
}

/** Every circle among files, each once, as the files along it. */
export function circles(graph: ReadonlyMap<string, readonly string[]>): string[][] {
  const found: string[][] = [];
  const done = new Set<string>();
  const visit = (file: string, trail: string[]): void => {
    const at = trail.indexOf(file);
    if (at >= 0) {
      found.push([...trail.slice(at), file]);
      return;
    }
    if (done.has(file)) return;
    for (const next of graph.get(file) ?? []) visit(next, [...trail, file]);
    done.add(file);
  };
  for (const file of graph.keys()) visit(file, []);
  return found;
}
