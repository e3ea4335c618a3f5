/**
 * How long users wait when the main stops serving: standbyd with profile fast beside keepalived, three kinds of death, the outage as a stock
 * client (libsmbclient) sees it that works every 10 ms: from its last good operation to the first good one afterwards.
 */
import { mustRun, runCommand } from '../base/command.ts';
import { counted } from '../base/human.ts';
import { seeded } from '../tryout/files.ts';
import { contest } from './contest.ts';
import { DEATHS, type Death } from './failover/deaths.ts';
import { isolated } from './failover/job.ts';
import { phasesOf, phaseWords } from './failover/phases.ts';
import { CONTENDERS, type Contender, OUTAGE_LIMIT_MS, type Result } from './failover/result.ts';
import { type Part, progress, type Report } from './report.ts';

/** The main dies at any moment of the slowest rhythm, keepalived's check once a second; at the same one for all in a round. */
const RHYTHM_MS = 1_000;
const SEED = 7;

export async function run(rounds: number): Promise<Report> {
  const parts: Record<string, Part> = {};
  const splits: string[] = [];
  for (const [n, death] of DEATHS.entries()) {
    progress(`${death}, part ${n + 1} of ${DEATHS.length}`);
    const measured = await measure(death, rounds);
    parts[death] = measured.part;
    splits.push(...measured.notes);
  }
  return { bench: 'failover', unit: 'ms', better: 'lower', parts, notes: [...splits, ...(await conditions())] };
}

async function measure(death: Death, rounds: number): Promise<{ part: Part; notes: string[] }> {
  const chance = seeded(SEED);
  const waits = Array.from({ length: rounds }, () => Math.floor(chance() * RHYTHM_MS));
  const results: Record<Contender, Result[]> = { ours: [], keepalived: [] };
  const contender = (name: Contender) => ({
    name,
    async run(round: number): Promise<number> {
      const result = await isolated({ contender: name, death, waitMs: waits[round] ?? 0 });
      results[name].push(result);
      progress(`  ${name}: ${phaseWords([phasesOf(result)])}`);
      return outageOf(result);
    },
  });
  const { ours, keepalived } = Object.fromEntries(
    await contest(CONTENDERS.map(contender), rounds, (ms) => `${Math.round(ms)} ms`),
  );
  if (ours === undefined || keepalived === undefined) throw new Error('a contender is missing');
  return {
    part: { ours, peers: { keepalived } },
    notes: CONTENDERS.flatMap((name) => splitNotes(death, name, results[name])),
  };
}

function outageOf({ pause, addressMs }: Result): number {
  if (pause === undefined) return OUTAGE_LIMIT_MS;
  if (addressMs === undefined) throw new Error('the user is back and nobody took the address');
  return pause.backMs - pause.lastGoodMs;
}

function splitNotes(death: Death, name: Contender, results: readonly Result[]): string[] {
  const notBack = results.filter(({ pause }) => pause === undefined).length;
  const later = results.map(({ laterPauseMs }) => laterPauseMs).filter((ms) => ms > 0);
  return [
    `${death}, ${name}: ${phaseWords(results.map(phasesOf))} (medians)`,
    ...(notBack === 0
      ? []
      : [
          `${death}, ${name}: in ${counted(notBack, 'run')} the user was not back after ${OUTAGE_LIMIT_MS} ms, which is what was counted`,
        ]),
    ...(later.length === 0
      ? []
      : [
          `${death}, ${name}: in ${counted(later.length, 'run')} the user met a further pause within 2 s of being back, the longest ${Math.max(...later)} ms`,
        ]),
  ];
}

async function conditions(): Promise<string[]> {
  const limit = { timeLimitMs: 10_000 };
  const samba = (await mustRun('smbd', ['--version'], limit)).trim();
  // It tells its version on standard error.
  const [keepalived] = (await runCommand('keepalived', ['--version'], limit)).stderr.split('\n');
  return [
    'detect: death to decision (keepalived: its standby enters MASTER); take over: to the address in the standby’s kernel; reconnect: to the user’s first good operation; the outage begins with the last good operation, a few ms before the death',
    'the user reads a file every 10 ms and saves a new one every 20th time; afterwards the standby must serve the same content and take saves, or the run does not count',
    'results differ: ours serves a mirror that follows what is saved, but for the last moments; keepalived serves a copy made before the user began',
    'ours: profile fast, gateway and client as witnesses; it syncs its state and its mirror to the disk at each step. keepalived: advert_int 0.1, check by smbclient each second (its minimum), fall 1, rise 1, an address that neither host needs for itself',
    'killed, keepalived: between the main’s letting go and the standby’s taking (60 ms) nobody has the address; a connection begun then is tried again by the client’s kernel after 1 s',
    'frozen: the main’s kernel has acknowledged the request already, so nothing is sent again and libsmbclient waits for its own 20 s unless somebody wakes it',
    `smbd ${samba}, ${keepalived}, network namespaces on one machine, boxes on one real disk; each run builds everything anew`,
  ];
}
