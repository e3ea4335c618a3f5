/** Dangerous means slow: the main's name typed on the terminal, or given with --confirm where nobody can type. */
import { Failure } from '../base/failure.ts';
import { printable } from '../base/human.ts';
import type { Screen } from './screen.ts';
import { ask } from './typing.ts';

/** The name to send as confirmation. Throws a Failure `confirm` when it was not typed, or cannot be asked for. */
export async function confirmName(
  given: string | undefined,
  mainName: string,
  flag: string,
  screen: Screen,
): Promise<string> {
  if (given !== undefined) return given;
  if (!screen.canAsk) {
    throw new Failure({
      code: 'confirm',
      doing: 'confirm',
      what: 'this is dangerous and was not confirmed; nothing was done',
      hint: `add ${flag}`,
    });
  }
  const typed = await ask(`Type the main's name (${printable(mainName)}) to go on`);
  if (typed === mainName) return typed;
  throw new Failure({ code: 'confirm', doing: 'confirm', what: "that is not the main's name; nothing was done" });
}
