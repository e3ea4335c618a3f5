/** The list of a server's shares for people. */
import { counted, printable } from '../../base/human.ts';

interface Share {
  name: string;
  comment: string;
  kind: string;
  special: boolean;
}

/** @param none what to say when there is none */
export function shareLines(shares: readonly Share[], none: string): string[] {
  const width = Math.max(0, ...shares.map(({ name }) => printable(name).length));
  const lines = shares.map(({ name, comment, kind, special }) => {
    const words = [
      kind,
      ...(special ? ['hidden or administrative'] : []),
      ...(comment === '' ? [] : [printable(comment)]),
    ];
    return `${printable(name).padEnd(width)}  ${words.join('; ')}`;
  });
  return shares.length === 0 ? [none] : [...lines, `${counted(shares.length, 'share')}.`];
}
