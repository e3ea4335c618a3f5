/** Runs the contenders of one part in turn, each measured with the processor time of both sides, and checks what each has done. */
import os from 'node:os';
import { type Contender, contest } from '../contest.ts';
import { type Cpu, limitOf, metered } from '../cpu.ts';
import { type Figures, figures, type Part, progress } from '../report.ts';
import { emptyFolder, type Ground } from './ground.ts';

export interface Racer {
  name: string;
  /** The measured work, in processes that have ended when it resolves; the folder is empty when it begins. */
  work(folder: string): Promise<void>;
}

export interface Race {
  rounds: number;
  /** Name of the folder on the ground's disk that is emptied before each run. */
  folder: string;
  /** Throws when a racer has not made of the folder what it had to. */
  check(name: string, folder: string): void | Promise<void>;
  /** How many things were moved or listed, and their name: processor time is told for each. */
  units: number;
  unit: string;
  /** What a racer waits for while no processor is busy. */
  idle: string;
}

export interface RaceResult {
  results: ReadonlyMap<string, Figures>;
  /** One line for each racer: processor time and limit. */
  notes: string[];
}

export async function race(ground: Ground, racers: readonly Racer[], how: Race): Promise<RaceResult> {
  const spent = new Map<string, Cpu[]>(racers.map(({ name }) => [name, []]));
  const contender = ({ name, work }: Racer): Contender => ({
    name,
    async run() {
      const folder = await emptyFolder(ground, how.folder);
      const cpu = await metered(
        () => ground.pids(),
        () => work(folder),
      );
      await how.check(name, folder);
      spent.get(name)?.push(cpu);
      return cpu.wallMs;
    },
  });
  // The first run of each reads its program from the disk, and Node keeps what it made of the sources: nobody's is counted.
  for (const { name, work } of racers) {
    progress(`warming up: ${name}`);
    await work(await emptyFolder(ground, how.folder));
  }
  const results = await contest(racers.map(contender), how.rounds, (ms) => `${(ms / 1000).toFixed(2)} s`);
  return { results, notes: [...spent].map(([name, runs]) => `${name}: ${told(runs, how)}`) };
}

function told(runs: readonly Cpu[], { units, unit, idle }: Race): string {
  const median = (of: (cpu: Cpu) => number): number => figures(runs.map(of)).median;
  const cpu = {
    wallMs: median(({ wallMs }) => wallMs),
    clientMs: median(({ clientMs }) => clientMs),
    serverMs: median(({ serverMs }) => serverMs),
    idleMs: median(({ idleMs }) => idleMs),
  };
  const each = (ms: number): string => `${Math.round((ms * 1_000) / units)} µs`;
  return `${each(cpu.clientMs)} of its own processor time and ${each(cpu.serverMs)} of smbd’s per ${unit}; limit: ${limitOf(cpu, os.availableParallelism(), idle)}`;
}

/** Ours against everybody else; those named in `floors` are no peers. */
export function partOf(results: ReadonlyMap<string, Figures>, floors: readonly string[] = []): Part {
  const { ours, ...others } = Object.fromEntries(results);
  if (ours === undefined) throw new Error('a contender is missing');
  const peers = Object.fromEntries(Object.entries(others).filter(([name]) => !floors.includes(name)));
  return { ours, peers };
}
