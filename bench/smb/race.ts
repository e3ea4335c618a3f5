/** Runs the contenders of one part in turn, each measured with the processor time of both sides, and checks what each has done. */
import os from 'node:os';
import { type Contender, contest } from '../contest.ts';
import { type Cpu, limitOf, metered } from '../cpu.ts';
import { type Figures, figures, type Part, progress } from '../report.ts';
import { emptyFolder, type Ground } from './ground.ts';

export interface Racer {
  name: string;
  /** The measured work, in processes that have ended when it resolves; the folder is empty when it begins, unless the race says otherwise. */
  work(folder: string): Promise<void>;
  /** Whom it gets everything from; the ground's smbd unless told. */
  server?: { name: string; pids(): number[] };
}

export interface Race {
  rounds: number;
  /** Name of the folder on the ground's disk that is emptied before each run; or what makes a folder ready for one. */
  folder: string | ((name: string) => string | Promise<string>);
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
  const ready = (name: string): string | Promise<string> =>
    typeof how.folder === 'string' ? emptyFolder(ground, how.folder) : how.folder(name);
  const contender = ({ name, work, server }: Racer): Contender => ({
    name,
    async run() {
      const folder = await ready(name);
      const cpu = await metered(
        () => server?.pids() ?? ground.pids(),
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
    await work(await ready(name));
  }
  const results = await contest(racers.map(contender), how.rounds, (ms) => `${(ms / 1000).toFixed(2)} s`);
  return {
    results,
    notes: racers.map(({ name, server }) => `${name}: ${told(spent.get(name) ?? [], how, server?.name ?? 'smbd')}`),
  };
}

function told(runs: readonly Cpu[], { units, unit, idle }: Race, server: string): string {
  const median = (of: (cpu: Cpu) => number): number => figures(runs.map(of)).median;
  const cpu = {
    wallMs: median(({ wallMs }) => wallMs),
    clientMs: median(({ clientMs }) => clientMs),
    serverMs: median(({ serverMs }) => serverMs),
    idleMs: median(({ idleMs }) => idleMs),
  };
  const each = (ms: number): string => `${Math.round((ms * 1_000) / units)} µs`;
  return `${each(cpu.clientMs)} of its own processor time and ${each(cpu.serverMs)} of ${server}’s per ${unit}; limit: ${limitOf(cpu, os.availableParallelism(), idle, server)}`;
}

/** Ours against everybody else; those named in `floors` are no peers. */
export function partOf(results: ReadonlyMap<string, Figures>, floors: readonly string[] = []): Part {
  const { ours, ...others } = Object.fromEntries(results);
  if (ours === undefined) throw new Error('a contender is missing');
  const peers = Object.fromEntries(Object.entries(others).filter(([name]) => !floors.includes(name)));
  return { ours, peers };
}
