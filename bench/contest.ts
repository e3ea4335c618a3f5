/**
 * Runs contenders in turn, each round beginning with another one (A B C, B C A, …), so that a machine whose speed drifts, and what one leaves
 * to the next, is the same for all; keeps each one's figures.
 */
import { humanDuration } from '../base/human.ts';
import { type Figures, figures, progress } from './report.ts';

export interface Contender {
  name: string;
  /** Makes one measured run and returns its figure. Throws when the result is not what it must be: a fast wrong answer counts nothing. */
  run(round: number): Promise<number>;
}

export async function contest(
  contenders: readonly Contender[],
  rounds: number,
  show: (figure: number) => string,
): Promise<Map<string, Figures>> {
  const runs = new Map<string, number[]>(contenders.map((contender) => [contender.name, []]));
  const startMs = performance.now();
  let done = 0;
  const total = rounds * contenders.length;
  for (let round = 0; round < rounds; round += 1) {
    const first = round % contenders.length;
    for (const contender of [...contenders.slice(first), ...contenders.slice(0, first)]) {
      const figure = await contender.run(round);
      runs.get(contender.name)?.push(figure);
      done += 1;
      const leftMs = ((performance.now() - startMs) / done) * (total - done);
      progress(
        `round ${round + 1} of ${rounds}  ${contender.name.padEnd(16)} ${show(figure).padStart(10)}   ${done < total ? `about ${humanDuration(leftMs)} left` : 'done'}`,
      );
    }
  }
  return new Map([...runs].map(([name, each]) => [name, figures(each)]));
}
