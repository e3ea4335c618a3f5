/** Tells the play while it happens: a line a step with its milliseconds for people, the same as data for programs. */
import { humanDuration } from '../base/human.ts';

export interface StepTime {
  step: string;
  ms: number;
}

export interface Narrator {
  readonly steps: readonly StepTime[];
  /** Runs a step, tells its result in one line, and keeps its time. */
  step<T>(name: string, work: () => Promise<T>, tell: (result: T) => string): Promise<T>;
  say(line: string): void;
}

/** Everything is told on stderr when the story's end is for a program, so that standard output holds only its object. */
export function openNarrator(write: (text: string) => void, startMs: number): Narrator {
  const steps: StepTime[] = [];
  const stamp = (): string => `${((performance.now() - startMs) / 1000).toFixed(1).padStart(6)} s  `;
  return {
    steps,
    async step(name, work, tell) {
      const before = performance.now();
      const result = await work();
      const ms = Math.round(performance.now() - before);
      steps.push({ step: name, ms });
      write(`${stamp()}${tell(result)} (${humanDuration(ms)})\n`);
      return result;
    },
    say: (line) => write(`${stamp()}${line}\n`),
  };
}
