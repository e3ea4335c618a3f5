/**
 * What the settings leave out of the mirror. A rule is the name of a file or folder with `*` (any letters) and `?` (one), in any case
 * of letters; it holds wherever the name is, with everything below it. A rule that begins with `/` holds in the root of a share only.
 */

export class Excludes {
  readonly #rules: readonly { text: string; pattern: string; isOfRoot: boolean }[];

  constructor(rules: readonly string[]) {
    this.#rules = rules.map((text) => {
      const isOfRoot = text.startsWith('/');
      return { text, isOfRoot, pattern: (isOfRoot ? text.slice(1) : text).toUpperCase() };
    });
  }

  /** The rule that leaves a path out, or something above it; undefined when none does. */
  ruleFor(path: string): string | undefined {
    if (this.#rules.length === 0 || path === '') return undefined;
    let depth = 0;
    for (const name of path.toUpperCase().split('/')) {
      const rule = this.#rules.find(({ pattern, isOfRoot }) => (!isOfRoot || depth === 0) && isLike(name, pattern));
      if (rule !== undefined) return rule.text;
      depth += 1;
    }
    return undefined;
  }
}

/** In time bounded by the product of both lengths, whatever the pattern. */
function isLike(name: string, pattern: string): boolean {
  let at = 0;
  let star = -1;
  let starAt = 0;
  let p = 0;
  while (at < name.length) {
    if (p < pattern.length && pattern[p] === '*') {
      star = p;
      starAt = at;
      p += 1;
    } else if (p < pattern.length && (pattern[p] === '?' || pattern[p] === name[at])) {
      at += 1;
      p += 1;
    } else if (star >= 0) {
      starAt += 1;
      at = starAt;
      p = star + 1;
    } else return false;
  }
  while (pattern[p] === '*') p += 1;
  return p === pattern.length;
}
