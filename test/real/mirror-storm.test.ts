/** A storm of what users do, all at once: whatever notify told or lost, main and mirror are equal when it is over. */
import fs from 'node:fs';
import path from 'node:path';
import { afterEach, expect, it } from 'vitest';
import type { VerifyState } from '../../agent/engine-messages.ts';
import { seeded } from '../../tryout/files.ts';
import { startSamba } from '../../tryout/samba.ts';
import { type Engine, until, World } from './mirror-world.ts';

const LONG = process.env['STANDBY_LONG'] !== undefined;
const SEEDS = LONG ? [77, 78, 79, 80, 81] : [77];
const OPERATIONS = LONG ? 2_000 : 400;
const ROUNDS = 4;
const VERIFY_LIMIT_MS = 60_000;
const CUTS = LONG ? 24 : 6;
const FOLDERS = ['a', 'a/b', 'c', 'c/d e', 'f'];
const NAMES = ['one.txt', 'two.txt', 'Three.doc', 'drei.txt', 'ONE.TXT'];
let world: World;

afterEach(async () => {
  await world.close();
});

/** Commands of smbclient, as many as asked for; its failures (no such file, exists) belong to the storm. */
function storm(chance: () => number): (operations: number) => Promise<void> {
  const pick = (list: readonly string[]): string => list[Math.floor(chance() * list.length)] ?? '';
  const local = (n: number): string => path.join(world.folder, `local-${n}`);
  for (let n = 0; n < 8; n += 1) fs.writeFileSync(local(n), Buffer.alloc(n * n * 700, n));
  const operation = (): string => {
    const at = `${pick(FOLDERS)}/${pick(NAMES)}`;
    const kinds = ['put', 'put', 'put', 'rename', 'del', 'mkdir', 'mkdir', 'deltree', 'folder', 'swap', 'mode'];
    switch (pick(kinds)) {
      case 'put':
        return `put ${local(Math.floor(chance() * 8))} "${at}"`;
      case 'rename':
        return `rename "${at}" "${pick(FOLDERS)}/${pick(NAMES)}"`;
      case 'del':
        return `del "${at}"`;
      case 'mkdir':
        return `mkdir "${pick(FOLDERS)}"`;
      case 'deltree':
        return chance() < 0.3 ? `deltree "${pick(FOLDERS)}"` : `mkdir "${pick(FOLDERS)}"`;
      case 'folder':
        return `rename "${pick(FOLDERS)}" "${pick(FOLDERS)}"`;
      case 'swap': {
        const [one, other] = [pick(FOLDERS), pick(FOLDERS)];
        return `rename "${one}" "swap"; rename "${other}" "${one}"; rename "swap" "${other}"`;
      }
      default:
        return `setmode "${at}" ${pick(['+h', '-h', '+r', '-r'])}`;
    }
  };
  return async (operations) => {
    const commands = Array.from({ length: operations }, operation);
    await world
      .client(`${FOLDERS.map((name) => `mkdir "${name}"`).join('; ')}; ${commands.join('; ')}`)
      .catch(() => {});
  };
}

for (const seed of SEEDS) {
  it(`is followed by watch and scans alone, without another full pass (${OPERATIONS} operations, seed ${seed})`, {
    timeout: 240_000,
  }, async () => {
    world = await World.make({ port: 4488 });
    const engine = world.engine();
    await world.live(engine);
    const passMs = engine.share('Office')?.lastPassMs;
    const run = storm(seeded(seed));
    for (let round = 0; round < ROUNDS; round += 1) {
      // Comparing while it blows must take no change that is on its way for a difference.
      const verified = verify(engine);
      await run(OPERATIONS / ROUNDS);
      expect((await verified).different).toBe(0);
      await world.same();
    }
    expect(await verify(engine)).toMatchObject({ different: 0, changing: 0, listed: 0 });
    expect(engine.share('Office')?.lastPassMs).toBe(passMs);
  });

  it(`is followed though connections are cut and the engine is killed in it (${CUTS} times, seed ${seed})`, {
    timeout: 240_000,
  }, async () => {
    world = await World.make({ port: 4488 });
    const chance = seeded(seed);
    const run = storm(chance);
    let engine = world.engine();
    await until('it has begun', () => engine.last('mirror'));
    for (let cut = 0; cut < CUTS; cut += 1) {
      const blowing = run(60);
      await new Promise((resolve) => setTimeout(resolve, chance() * 700));
      if (chance() < 0.5) {
        await engine.kill();
        await blowing;
        engine = world.engine();
      } else {
        await world.samba.stop();
        await blowing;
        world.samba = await startSamba(world.samba.options);
      }
      if (chance() < 0.3) await world.same();
    }
    await run(60);
    await world.same();
    await until('no problem is left', () => engine.share('Office')?.skipped === 0);
    await world.live(engine);
    expect(await verify(engine)).toMatchObject({ different: 0, changing: 0, listed: 0 });
    expect(temps()).toEqual([]);
  });
}

/** A verify from its order to its end. */
async function verify(engine: Engine): Promise<VerifyState> {
  const before = engine.last('verify')?.verify.id;
  engine.send({ kind: 'verify', heal: false, hashes: false });
  let state: VerifyState | undefined;
  for (const deadline = performance.now() + VERIFY_LIMIT_MS; state?.state !== 'done' || state.id === before; ) {
    if (performance.now() > deadline) throw new Error(`the verify does not end: ${JSON.stringify(state)}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
    state = engine.last('verify')?.verify;
  }
  for (const finding of engine.last('findings')?.findings ?? [])
    if (finding.class === 'different') console.error(JSON.stringify(finding));
  return state;
}

/** Unfinished names on the mirror. */
function temps(): string[] {
  return fs
    .readdirSync(world.mirror(''), { recursive: true, encoding: 'utf8' })
    .filter((name) => path.basename(name).startsWith('.~standby-'));
}
