/**
 * `npm run -s bench -- NAME [--rounds N] [--parts A,B]`: runs one bench inside `tryout/isolate` and prints its report as the last line. Every
 * contender has N runs, 3 unless told; fewer are for a quick look. Parts are for the benches about growth, whose largest takes long.
 */
import { parseArgs } from 'node:util';
import type { Report } from './report.ts';

interface Bench {
  about: string;
  load(): Promise<{ run(rounds: number, parts?: readonly string[]): Promise<Report> }>;
  /** It knows `--parts`. */
  hasParts?: true;
}

const BENCHES: Record<string, Bench> = {
  'smb-small': { about: '20,000 files of 1–64 KiB from smbd to disk', load: () => import('./smb-small.ts') },
  'smb-delay': { about: '2,000 of them with a delay on the wire', load: () => import('./smb-delay.ts') },
  'smb-big': { about: '1 GiB from smbd to disk, signed and encrypted', load: () => import('./smb-big.ts') },
  'smb-list': { about: 'listing 20,000 files, without and with a delay', load: () => import('./smb-list.ts') },
  'smb-write': { about: '20,000 small files, and 1 GiB, to smbd', load: () => import('./smb-write.ts') },
  'mirror-first': {
    about: 'a first mirror: 20,000 small files and two big ones',
    load: () => import('./mirror-first.ts'),
  },
  rescan: { about: 'a pass over 200,000 files that have not changed', load: () => import('./rescan.ts') },
  'mirror-memory': {
    about: 'memory of the engine; --parts 10k,100k,1m',
    load: () => import('./mirror-memory.ts'),
    hasParts: true,
  },
  'mirror-growth': {
    about: 'time for each file; --parts 10k,100k,1m',
    load: () => import('./mirror-growth.ts'),
    hasParts: true,
  },
  'probe-cost': { about: 'processor time that being watched costs the main', load: () => import('./probe-cost.ts') },
  failover: { about: 'outage as a stock client sees it, three kinds of death', load: () => import('./failover.ts') },
};

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { rounds: { type: 'string', default: '3' }, parts: { type: 'string' } },
});
const bench = BENCHES[positionals[0] ?? ''];
const rounds = Number(values.rounds);
const isPartless = values.parts !== undefined && bench?.hasParts !== true;
if (bench === undefined || positionals.length > 1 || !Number.isInteger(rounds) || rounds < 1 || isPartless) {
  const list = Object.entries(BENCHES).map(([each, { about }]) => `  ${each.padEnd(13)} ${about}`);
  process.stderr.write(`usage: npm run -s bench -- NAME [--rounds N] [--parts A,B]\n${list.join('\n')}\n`);
  process.exit(2);
}
const report = await (await bench.load()).run(rounds, values.parts?.split(','));
process.stdout.write(`${JSON.stringify(report)}\n`);
process.exit(0);
