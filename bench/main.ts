/** `npm run -s bench -- NAME`: runs one bench inside `tryout/isolate` and prints its report as the last line. */
import type { Report } from './report.ts';

const BENCHES: Record<string, { about: string; load(): Promise<{ run(): Promise<Report> }> }> = {
  'smb-small': { about: '20,000 files of 1–64 KiB from smbd to disk', load: () => import('./smb-small.ts') },
  'probe-cost': { about: 'processor time that being watched costs the main', load: () => import('./probe-cost.ts') },
  failover: { about: 'outage as a stock client sees it, three kinds of death', load: () => import('./failover.ts') },
};

const name = process.argv[2] ?? '';
const bench = BENCHES[name];
if (bench === undefined) {
  const list = Object.entries(BENCHES).map(([each, { about }]) => `  ${each.padEnd(12)} ${about}`);
  process.stderr.write(`usage: npm run -s bench -- NAME\n${list.join('\n')}\n`);
  process.exit(2);
}
const report = await (await bench.load()).run();
process.stdout.write(`${JSON.stringify(report)}\n`);
process.exit(0);
