/** Choosing shares from a list: numbers, ranges, names, or all of them. */
import type { ShareList } from '../../api/shares.ts';

/** What can be mirrored: disk shares that are neither hidden nor administrative, in the server's order. */
export function mirrorable(list: ShareList): string[] {
  return list.shares.filter(({ kind, special }) => kind === 'disk' && !special).map(({ name }) => name);
}

/** The shares meant by `all`, `1,3-5` or `Projects, Accounts` (names may also be hidden ones); or what is wrong. */
export function chosenShares(
  text: string,
  offered: readonly string[],
  existing: readonly string[],
): { kind: 'chosen'; shares: string[] } | { kind: 'wrong'; what: string } {
  const words = text.split(',').map((word) => word.trim());
  if (words.length === 1 && words[0]?.toLowerCase() === 'all') return { kind: 'chosen', shares: [...offered] };
  const chosen = new Set<string>();
  for (const word of words.filter((entry) => entry !== '')) {
    const found = byName(word, existing) ?? byNumber(word, offered);
    if (found === undefined) return { kind: 'wrong', what: `there is no share «${word}» in the list` };
    for (const share of found) chosen.add(share);
  }
  return chosen.size === 0
    ? { kind: 'wrong', what: 'choose at least one share' }
    : { kind: 'chosen', shares: [...chosen] };
}

function byName(word: string, existing: readonly string[]): string[] | undefined {
  const found = existing.find((name) => name.toLowerCase() === word.toLowerCase());
  return found === undefined ? undefined : [found];
}

/** `3` or `2-5`, counted from 1. */
function byNumber(word: string, offered: readonly string[]): string[] | undefined {
  const match = /^(\d{1,4})(?:-(\d{1,4}))?$/.exec(word);
  if (match === null) return undefined;
  const first = Number(match[1]);
  const last = Number(match[2] ?? match[1]);
  return first >= 1 && first <= last && last <= offered.length ? offered.slice(first - 1, last) : undefined;
}
