/**
 * The story: a small office's file server is mirrored, dies while somebody works on it, is stood in for, comes back, gets its address and the
 * newer files back; at the end every byte is compared. Each act uses what a user would use: the `standby` command, a stock SMB client, the mail.
 */
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { plan } from '../api/command.ts';
import { runCommand } from '../base/command.ts';
import { Failure } from '../base/failure.ts';
import { counted, humanDuration, humanSize } from '../base/human.ts';
import { setupRequest } from './box.ts';
import { compareFolders, type Difference } from './compare.ts';
import { LAN, on } from './lan.ts';
import type { Narrator } from './narrator.ts';
import { MAIL_PORT, MAIN_NAME, type Stage } from './stage.ts';
import { until } from './wait.ts';
import { startWorker, type Worker } from './worker.ts';

export interface Ending {
  /** Between main and standby after the restore and the new sync; 0 when every byte, time and attribute agrees. */
  differences: number;
  /** Longest time the client's work stood still around the takeover, last success to first success. */
  outageMs: number;
  /** The same around the hand-back. */
  handBackMs: number;
  /** Files whose saving the client was told and that are not on the main in the end. */
  lost: number;
  files: number;
  bytes: number;
  mails: number;
}

/** The share and folder the client works in, and a file that is there from the beginning. */
const SHARE = 'Office';
const WORK_FOLDER = 'Orders';

export async function play(stage: Stage, narrator: Narrator): Promise<Ending> {
  const url = `smb://${LAN.main}/${SHARE}/${WORK_FOLDER}`;
  await setUp(stage, narrator);
  const before = await firstPass(stage, narrator);
  const worker = await beginWork(stage, narrator);
  await live(stage, narrator);
  const outageMs = await takeOver(stage, narrator, worker);
  await workOnStandby(stage, narrator);
  await mail(stage, narrator);
  const handBackMs = await handBack(stage, narrator, worker);
  await changeOnMain(stage, narrator);
  await worker.stop();
  await restore(stage, narrator);
  const differences = await syncAgain(stage, narrator);
  const lost = lostFiles(stage, worker);
  narrator.say(`${url}: ${counted(worker.saved.size, 'file')} saved by the client throughout, ${lost} lost`);
  return {
    differences: differences.length,
    outageMs,
    handBackMs,
    lost,
    files: before.files,
    bytes: before.bytes,
    mails: stage.mailbox.mails.length,
  };
}

async function setUp(stage: Stage, narrator: Narrator): Promise<void> {
  await narrator.step(
    'setup',
    async () => {
      await until('standbyd answers', 20_000, async () => (fs.existsSync(stage.box.socket) ? true : undefined));
      const request = setupRequest({
        name: MAIN_NAME,
        address: LAN.main,
        password: stage.passwords.standby,
        interface: LAN.interface,
        mirror: stage.box.mirror,
        shares: stage.shares.map((share) => share.name),
        users: { alice: stage.passwords.alice, bob: stage.passwords.bob },
        witnesses: [LAN.client],
        mail: {
          server: LAN.gateway,
          port: MAIL_PORT,
          security: 'none',
          from: 'standby@office.example',
          to: ['admin@office.example'],
        },
      });
      await stage.box.standby(['setup', '--from', '-'], request);
    },
    () =>
      `set up: stands by for ${MAIN_NAME} at ${LAN.main}, shares ${stage.shares.map((share) => share.name).join(', ')}`,
  );
}

async function firstPass(stage: Stage, narrator: Narrator): Promise<{ files: number; bytes: number }> {
  return narrator.step(
    'first-pass',
    async () => {
      await stage.box.standby(['start-sync', '--wait']);
      await until('standing by', 60_000, async () =>
        (await stage.box.status()).mode === 'standing-by' ? true : undefined,
      );
      const { files, bytes } = (await stage.box.status()).mirror;
      return { files, bytes };
    },
    ({ files, bytes }) => `first copy: ${counted(files, 'file')}, ${humanSize(bytes)}`,
  );
}

async function beginWork(stage: Stage, narrator: Narrator): Promise<Worker> {
  const worker = startWorker('client', {
    url: `smb://${LAN.main}/${SHARE}/${WORK_FOLDER}`,
    user: 'alice',
    password: stage.passwords.alice,
    read: readable(stage),
    prefix: 'order',
    everyMs: 10,
    saveEvery: 20,
  });
  await until('the client works', 20_000, () => (worker.working ? true : undefined));
  narrator.say(`alice works on \\\\${LAN.main}\\${SHARE}: reads every 10 ms, saves a new file every 0.2 s`);
  return worker;
}

/** A small file in the folder that the client reads again and again. */
function readable(stage: Stage): string {
  const folder = path.join(shareFolder(stage), WORK_FOLDER);
  const found = fs.readdirSync(folder).find((name) => {
    const { size } = fs.statSync(path.join(folder, name));
    return size > 0 && size < 65_536;
  });
  if (found === undefined)
    throw new Failure({ code: 'play', doing: 'find a file to read', subject: folder, what: 'there is none' });
  return found;
}

function shareFolder(stage: Stage): string {
  return stage.shares.find((share) => share.name === SHARE)?.path ?? '';
}

async function live(stage: Stage, narrator: Narrator): Promise<void> {
  await narrator.step(
    'live-change',
    async () => {
      await userCommand(stage, LAN.main, 'mkdir Letters/2026; cd Letters/2026; put /etc/hostname letter.txt');
      const copy = path.join(stage.box.mirror, SHARE, 'Letters/2026/letter.txt');
      const original = fs.readFileSync(path.join(shareFolder(stage), 'Letters/2026/letter.txt'));
      await until('the new letter is on the standby', 20_000, () =>
        fs.existsSync(copy) && fs.readFileSync(copy).equals(original) ? true : undefined,
      );
    },
    () => 'a new letter appeared on the standby by itself',
  );
}

async function takeOver(stage: Stage, narrator: Narrator, worker: Worker): Promise<number> {
  return narrator.step(
    'takeover',
    async () => {
      await until('standing by', 20_000, async () =>
        (await stage.box.status()).mode === 'standing-by' ? true : undefined,
      );
      await stage.powerOffMain();
      const offMs = Date.now();
      narrator.say(`${MAIN_NAME}: power cut`);
      await until('the standby serves', 60_000, async () =>
        (await stage.box.status()).mode === 'active' ? true : undefined,
      );
      return until('the client works again', 60_000, () => gapOver(worker, offMs));
    },
    (outageMs) => `the standby took over ${LAN.main}; alice waited ${humanDuration(outageMs)}`,
  );
}

/** Length of the client's gap that a moment lies in, once it is over. */
function gapOver(worker: Worker, atMs: number): number | undefined {
  return worker.gaps.find((gap) => gap.lastGoodMs <= atMs && gap.backMs >= atMs)?.gapMs;
}

/** bob does what people do in an outage: changes, renames, deletes, adds. */
async function workOnStandby(stage: Stage, narrator: Narrator): Promise<void> {
  await narrator.step(
    'work-on-standby',
    async () => {
      const [changed, renamed, removed, fought] = smallFiles(stage);
      fs.writeFileSync('/run/changed.txt', 'changed while the standby served\n');
      fs.writeFileSync('/run/fought.txt', 'bob’s version, from the standby\n');
      await userCommand(
        stage,
        LAN.main,
        `cd Letters; put /run/changed.txt "${changed}"; rename "${renamed}" "renamed by bob.txt"; del "${removed}"; put /run/fought.txt "${fought}"; mkdir "New folder"; put /run/changed.txt "New folder/new.txt"`,
        'bob',
      );
    },
    () => 'bob changed, renamed, deleted and added files on the standby',
  );
}

/** Four small files in Letters, always the same. */
function smallFiles(stage: Stage): [string, string, string, string] {
  const names = stage.letters;
  const [a, b, c, d] = names;
  if (a === undefined || b === undefined || c === undefined || d === undefined)
    throw new Failure({ code: 'play', doing: 'find letters', what: 'there are too few' });
  return [a, b, c, d];
}

async function userCommand(
  stage: Stage,
  address: string,
  command: string,
  user: 'alice' | 'bob' = 'alice',
): Promise<void> {
  const credentials = `/run/${user}.credentials`;
  fs.writeFileSync(credentials, `username = ${user}\npassword = ${stage.passwords[user]}\n`, { mode: 0o600 });
  const [program, ...args] = on('client', 'smbclient', `//${address}/${SHARE}`, '-A', credentials, '-c', command);
  const result = await runCommand(program, args, { timeLimitMs: 60_000 });
  const said = result.stdout + result.stderr;
  if (result.exitCode !== 0 || said.includes('NT_STATUS_'))
    throw new Failure({ code: 'play', doing: `let ${user} work`, what: said.trim() });
}

async function mail(stage: Stage, narrator: Narrator): Promise<void> {
  await narrator.step(
    'mail',
    () =>
      until('the mail about the takeover has come', 30_000, () =>
        stage.mailbox.mails.find((each) => each.subject.includes(MAIN_NAME)),
      ),
    (each) => `mail to the administrator: «${each.subject}»`,
  );
}

async function handBack(stage: Stage, narrator: Narrator, worker: Worker): Promise<number> {
  await narrator.step(
    'recover-ip',
    async () => {
      await stage.box.standby(['recover-ip', '--confirm', MAIN_NAME]);
      await until('the address is given back', 30_000, async () =>
        (await stage.box.status()).held.length === 0 ? true : undefined,
      );
    },
    () => `Recover IP: ${LAN.main} is given back`,
  );
  const releasedMs = Date.now();
  return narrator.step(
    'main-back',
    async () => {
      await stage.powerOnMain();
      const gapMs = await until('the client works on the main', 60_000, () => gapOver(worker, releasedMs));
      await until('the standby sees the main serve', 30_000, async () =>
        (await stage.box.status()).mode === 'handed-back' ? true : undefined,
      );
      return gapMs;
    },
    (gapMs) =>
      `${MAIN_NAME} is back on the network; alice waited ${humanDuration(gapMs)} from the hand-back to its first answer`,
  );
}

/** Somebody is quicker than the restore: one of bob's files is changed on the main too. Neither version may be lost. */
async function changeOnMain(stage: Stage, narrator: Narrator): Promise<void> {
  const [, , , fought] = smallFiles(stage);
  fs.writeFileSync('/run/fought-main.txt', 'alice’s version, on the main, newer\n');
  await userCommand(stage, LAN.main, `cd Letters; put /run/fought-main.txt "${fought}"`);
  narrator.say(`alice changed «${fought}» on ${MAIN_NAME} before the restore: two versions of one file`);
}

async function restore(stage: Stage, narrator: Narrator): Promise<void> {
  await until('the main is seen serving', 30_000, async () => {
    const { layers } = await stage.box.status();
    return layers.some((layer) => layer.layer === 'negotiate' && layer.outcome === 'answered') ? true : undefined;
  });
  const shown = await narrator.step(
    'restore-plan',
    async () => plan.parse(await stage.box.standby(['restore-files', '--plan'])),
    (made) =>
      `Restore Files would send ${counted(made.send, 'object')} (${humanSize(made.sendBytes)}), delete ${made.remove}, keep both of ${counted(made.conflicts, 'conflict')}`,
  );
  await narrator.step(
    'restore-files',
    async () => {
      await stage.box.standby(['restore-files', '--yes', '--wait']);
      await until('everything is restored', 60_000, async () =>
        (await stage.box.status()).mode === 'idle' ? true : undefined,
      );
    },
    () => `Restore Files: ${counted(shown.send, 'object')} sent back`,
  );
}

async function syncAgain(stage: Stage, narrator: Narrator): Promise<Difference[]> {
  await narrator.step(
    'start-sync',
    async () => {
      await stage.box.standby(['start-sync', '--wait']);
      await until('standing by again', 60_000, async () =>
        (await stage.box.status()).mode === 'standing-by' ? true : undefined,
      );
    },
    () => 'Start Sync: standing by again',
  );
  let last: Difference[] = [];
  const compare = () => {
    let files = 0;
    let bytes = 0;
    last = [];
    for (const share of stage.shares) {
      const one = compareFolders(share.path, path.join(stage.box.mirror, share.name));
      files += one.files;
      bytes += one.bytes;
      last.push(...one.differences.map((each) => ({ ...each, path: `${share.name}/${each.path}` })));
    }
    return { files, bytes };
  };
  await narrator.step(
    'verify',
    async () => {
      try {
        return await until('main and standby agree', 30_000, () => {
          const compared = compare();
          return last.length === 0 ? compared : undefined;
        });
      } catch {
        return compare();
      }
    },
    ({ files, bytes }) =>
      last.length === 0
        ? `verified: ${counted(files, 'file')}, ${humanSize(bytes)}, content, times and attributes: no difference`
        : `${counted(last.length, 'difference')}: ${last
            .slice(0, 10)
            .map((each) => `${each.path} (${each.what})`)
            .join('; ')}`,
  );
  return last;
}

/** Saved files that are not on the main with the content that was saved. */
function lostFiles(stage: Stage, worker: Worker): number {
  let lost = 0;
  for (const [name, sha256] of worker.saved) {
    const file = path.join(shareFolder(stage), WORK_FOLDER, name);
    const kept = fs.existsSync(file) && createHash('sha256').update(fs.readFileSync(file)).digest('hex') === sha256;
    if (!kept) lost += 1;
  }
  return lost;
}
