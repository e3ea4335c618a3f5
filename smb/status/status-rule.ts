/** One rule: what a refusal by the server means, for callers and for people. */
import type { Action } from './action.ts';

export interface Rule {
  /** A code of types.ts. */
  code: string;
  action: Action;
  what: string;
  hint: string;
}

export function rule(code: string, action: Action, what: string, hint: string): Rule {
  return { code, action, what, hint };
}
