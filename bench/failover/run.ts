/**
 * One run as a process of its own, first in namespaces of its own, so that nothing of a run before it is left: builds the office, lets one
 * contender protect it, lets a user work, makes the main die, and waits until the user works again. job.ts starts it.
 */
import fs from 'node:fs';
import path from 'node:path';
import { mustRun } from '../../base/command.ts';
import { on } from '../../tryout/lan.ts';
import { until } from '../../tryout/wait.ts';
import { startWorker, type Worker } from '../../tryout/worker.ts';
import { watchAddress } from './address-watch.ts';
import { die } from './deaths.ts';
import { protectWithKeepalived } from './keepalived.ts';
import { type Office, openOffice, WORK } from './office.ts';
import { protectWithOurs } from './ours.ts';
import type { Protector } from './protector.ts';
import { type Contender, type Job, job, OUTAGE_LIMIT_MS, type Result } from './result.ts';

const WORK_BEGINS_MS = 20_000;
/** The user works for so long before anything happens, and again after being back. */
const STEADY_MS = 2_000;
const POLL_MS = 20;
const LOG_LIMIT = 8_000;

const PROTECT: Record<Contender, (office: Office) => Promise<Protector>> = {
  ours: protectWithOurs,
  keepalived: protectWithKeepalived,
};

async function run({ folder, contender, death, waitMs }: Job): Promise<Result> {
  const office = await openOffice(folder);
  const protector = await PROTECT[contender](office);
  try {
    const address = watchAddress('standby', protector.address);
    const worker = await beginWork(office, protector.address);
    await sleep(STEADY_MS + waitMs);
    const before = worker.gaps.length;
    const deadMs = await die(office.main, death);
    const pause = await firstPause(worker, before);
    const laterPauseMs = pause === undefined ? 0 : await workOn(office, protector.address, worker, before + 1);
    return {
      deadMs,
      ...(pause === undefined ? {} : { pause: { lastGoodMs: pause.lastGoodMs, backMs: pause.backMs } }),
      laterPauseMs,
      ...(await protector.marks()),
      ...(address.appearedMs === undefined ? {} : { addressMs: address.appearedMs }),
    };
  } catch (error) {
    process.stderr.write(`${protector.log().slice(-LOG_LIMIT)}\n`);
    throw error;
  }
}

async function beginWork(office: Office, address: string): Promise<Worker> {
  const worker = startWorker('client', {
    url: `smb://${address}/${WORK.share}/${WORK.folder}`,
    user: 'alice',
    password: office.passwords.alice,
    read: office.read,
    prefix: 'order',
    everyMs: 10,
    saveEvery: 20,
  });
  await until('the user works', WORK_BEGINS_MS, () => worker.working || undefined);
  return worker;
}

/** The pause in the user's work that began with the death; undefined when it has not ended in time. */
async function firstPause(worker: Worker, before: number): Promise<Worker['gaps'][number] | undefined> {
  const deadline = performance.now() + OUTAGE_LIMIT_MS;
  while (worker.gaps.length === before && performance.now() < deadline) await sleep(POLL_MS);
  return worker.gaps[before];
}

/**
 * The user goes on, and must be served what the main had, and be able to save: a fast wrong answer counts nothing.
 * Returns the longest further pause in ms, 0 when there was none.
 */
async function workOn(office: Office, address: string, worker: Worker, from: number): Promise<number> {
  const savedBefore = worker.saved.size;
  await sleep(STEADY_MS);
  const longest = Math.max(0, ...worker.gaps.slice(from).map((gap) => gap.gapMs));
  if (!worker.working || worker.saved.size === savedBefore) throw new Error('the user cannot save on the standby');
  const content = fs.readFileSync(path.join(office.work, office.read));
  if (!(await fetched(office, address)).equals(content)) throw new Error('the standby serves another content');
  return longest;
}

async function fetched(office: Office, address: string): Promise<Buffer> {
  const credentials = '/run/alice.credentials';
  const target = '/run/fetched';
  fs.writeFileSync(credentials, `username = alice\npassword = ${office.passwords.alice}\n`, { mode: 0o600 });
  const get = `cd ${WORK.folder}; get "${office.read}" ${target}`;
  const [program, ...args] = on('client', 'smbclient', `//${address}/${WORK.share}`, '-A', credentials, '-c', get);
  await mustRun(program, args, { timeLimitMs: 10_000 });
  return fs.readFileSync(target);
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

const result = await run(job.parse(JSON.parse(fs.readFileSync(0, 'utf8'))));
fs.writeFileSync(1, `${JSON.stringify(result)}\n`);
// Whatever still runs ends with the namespaces.
process.exit(0);
