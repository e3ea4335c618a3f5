/** What `mirror-memory` and `mirror-growth` share: the parts, each with a main of its own, mirrored by a fresh engine in each round. */
import { lookAtMachine } from '../quiet.ts';
import { progress } from '../report.ts';
import { emptyFolder, openGround, PORT } from '../smb/ground.ts';
import { type Grown, grow, PARTS, USUAL_PARTS } from './grow.ts';
import { inodesFor, makePopulation } from './population.ts';

export interface Growth {
  /** One entry for each round, by part. */
  parts: ReadonlyMap<string, readonly Grown[]>;
  notes: string[];
}

const WARM_UP = '1k';

/** @param wanted names of parts; the usual ones when undefined. Throws for one that there is not. */
export async function measureGrowth(rounds: number, wanted: readonly string[] = USUAL_PARTS): Promise<Growth> {
  const unknown = wanted.find((part) => PARTS[part] === undefined);
  if (unknown !== undefined)
    throw new Error(`there is no part «${unknown}»; there are ${Object.keys(PARTS).join(', ')}`);
  const machine = await lookAtMachine();
  const names = [WARM_UP, ...wanted];
  const { files, folders } = {
    files: (part: string): number => PARTS[part]?.files ?? 0,
    folders: (part: string): number => Math.ceil(files(part) / (PARTS[part]?.perFolder ?? 1)),
  };
  const all = names.reduce((sum, part) => sum + files(part), 0);
  // The mains of all parts, and one mirror at a time.
  const shares = [...new Set(names)].map((part) => ({ name: part, folder: `source ${part}` }));
  const ground = await openGround(inodesFor(2 * all), shares);
  try {
    for (const { name, folder } of shares) {
      progress(`making ${files(name)} files`);
      makePopulation(`${ground.disk}/${folder}`, files(name), folders(name));
    }
    const one = async (part: string): Promise<Grown> => {
      const grown = await grow({ port: PORT, share: part }, await emptyFolder(ground, 'target'), files(part), () =>
        ground.pids(),
      );
      const { peakMib, afterMib, firstMs, againMs } = grown;
      progress(
        `${part.padEnd(5)} peak ${peakMib.toFixed(0)} MiB, after ${afterMib.toFixed(0)} MiB; first pass ${(firstMs / 1_000).toFixed(1)} s, again ${(againMs / 1_000).toFixed(1)} s`,
      );
      return grown;
    };
    progress('warming up');
    await one(WARM_UP);
    const parts = new Map<string, Grown[]>(wanted.map((part) => [part, []]));
    for (let round = 0; round < rounds; round += 1)
      for (const part of round % 2 === 0 ? wanted : [...wanted].reverse()) parts.get(part)?.push(await one(part));
    return {
      parts,
      notes: [
        machine,
        ground.conditions,
        'empty files, 100 to a folder, or 25,000 in a part called wide; a fresh engine for each run: a first pass, then one that finds nothing to do',
      ],
    };
  } finally {
    await ground.close();
  }
}
